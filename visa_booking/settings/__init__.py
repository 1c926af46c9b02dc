"""`base` is production; `development` and `test` only loosen it."""
