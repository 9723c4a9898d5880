-- @name test/newest_event
-- What: the newest event time among rows, in ms since 1970.
-- @returns ms BIGINT
select max({{instant}})::bigint as ms from {{table}}
