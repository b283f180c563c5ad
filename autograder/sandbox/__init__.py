"""Run untrusted code in a box without network, files, secrets or unlimited resources."""
