-- @name fragments/no_summaries
-- What: the partition summaries of a manifest that says none, or whose row gets them from elsewhere.
-- @into fragments/manifest_row {{summaries}}
null::struct(contains_null boolean, contains_nan boolean, lower_bound blob, upper_bound blob)[]
