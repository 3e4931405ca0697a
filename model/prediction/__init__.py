"""Prediction: ``predictor`` turns photos into class ids, whole or in tiles, at several scales."""
