"""The trainable pipe `bilstm_ner`: prediction, learning, saving, confidences."""
