//! The files of `conf/` and the blocks of the documentation: what people copy has to work.
