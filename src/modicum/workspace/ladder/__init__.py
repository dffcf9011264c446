"""The ladder: the task as arrays, the recipes, the climb, the choice, and what more labels would bring."""
