"""Configuration that makes a bridge at the next boot; pure, one package per back end."""
