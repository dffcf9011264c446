"""All that is said about labels, as arrays: spaces, weak labels, errors, shift, what to ask next, how sure to be."""
