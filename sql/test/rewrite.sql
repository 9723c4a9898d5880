-- @name test/rewrite
-- What: one commit: rows go, and others land.
begin transaction;
{{delete}};
{{land}};
commit
