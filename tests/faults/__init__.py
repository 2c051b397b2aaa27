"""The fault campaign: the platform under kills, pauses, alarms and crashes."""
