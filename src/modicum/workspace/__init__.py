"""The only room that composes: registry, recipes, ladder, bundle, report, executors."""
