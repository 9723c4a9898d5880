-- @name engine/with_optimizers
-- What: all optimizers again.
reset disabled_optimizers
