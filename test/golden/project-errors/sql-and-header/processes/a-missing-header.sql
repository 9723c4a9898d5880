select * from raw_signups
