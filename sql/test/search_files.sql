-- @name test/search_files
-- What: relative paths in queries of this connection begin in that folder.
set file_search_path = {{folder}}
