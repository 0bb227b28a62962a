"""The steps of this project. Each is a few lines around the library; project.yml says in which order they run."""
