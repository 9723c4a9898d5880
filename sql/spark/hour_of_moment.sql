-- @name spark/hour_of_moment
-- What: the hour of a moment, counted from 1970-01-01T00:00:00Z.
unix_seconds(date_trunc('HOUR', {{instant}})) div 3600
