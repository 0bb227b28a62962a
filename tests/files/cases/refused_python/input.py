TRAIN_DATA = [('Mira left', {'entities': [(0, 4, 'PER')]})]
