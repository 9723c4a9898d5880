-- @name landing/drop_reject_scans
-- What: as landing/drop_rejects.
drop table if exists temp.main.psyberg_reject_scans
