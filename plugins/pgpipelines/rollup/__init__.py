"""Statistics of chargers: hours, days and days of stations, always equal to a full recomputation of the raw log."""
