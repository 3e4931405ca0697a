"""Seeded street scenes: plans, geometry, materials, light and the camera that takes them."""
