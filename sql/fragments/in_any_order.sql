-- @name fragments/in_any_order
-- What: a relation whose lists are compared whatever their order is.
-- @into compare/hours {{expected}}, compare/hours {{found}}, compare/copy_hours {{rows}}
(select {{columns}} from {{rows}})
