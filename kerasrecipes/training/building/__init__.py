"""From a recipe to its objects: model, optimizer, weights of classes, what it starts from."""
