"""Questionnaires that other modules ask about their things: activities, groups, elections."""
