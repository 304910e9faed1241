//! Where an expression looks into the arguments of a call: by JSON pointers that are written out, so that each level they
//! lead through is read strictly, and nothing else of the arguments is.

use cel::common::ast::operators;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};
use tollgate_protocol::envelope::Pointer;

/// One of them.
#[derive(Debug)]
pub struct Argument {
    /// As it was written.
    pub text: String,
    pub pointer: Pointer,
}

const NAME: &str = "arguments";

/// All that an expression names.
///
/// # Errors
/// Where `arguments` is used in any other way.
pub fn named(expression: &IdedExpr) -> Result<Vec<Argument>, String> {
    let mut found = Vec::new();
    walk(&expression.expr, &mut found)?;
    Ok(found)
}

fn walk(expr: &Expr, found: &mut Vec<Argument>) -> Result<(), String> {
    let refused = || {
        let help =
            "`arguments` are named by a JSON pointer: `arguments[\"/owner\"]`, `\"/owner\" in arguments`";
        Err(help.to_owned())
    };
    match expr {
        Expr::Ident(name) if name == NAME => refused(),
        Expr::Call(call) => {
            let pointer = match call.args.as_slice() {
                [arguments, key] if call.func_name == operators::INDEX && is_it(arguments) => Some(key),
                [key, arguments] if call.func_name == operators::IN && is_it(arguments) => Some(key),
                _ => None,
            };
            if let Some(key) = pointer {
                let Expr::Literal(LiteralValue::String(text)) = &key.expr else { return refused() };
                let Some(pointer) = Pointer::parse(text.inner()).filter(|_| !text.inner().is_empty()) else {
                    return refused();
                };
                found.push(Argument { text: text.inner().to_owned(), pointer });
                return Ok(());
            }
            let target = call.target.iter().map(|target| &target.expr);
            target.chain(call.args.iter().map(|arg| &arg.expr)).try_for_each(|inner| walk(inner, found))
        }
        Expr::Comprehension(it) => [&it.iter_range, &it.accu_init, &it.loop_cond, &it.loop_step, &it.result]
            .into_iter()
            .try_for_each(|inner| walk(&inner.expr, found)),
        Expr::List(list) => list.elements.iter().try_for_each(|inner| walk(&inner.expr, found)),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| entry_of(&entry.expr, found)),
        Expr::Struct(made) => made.entries.iter().try_for_each(|entry| entry_of(&entry.expr, found)),
        Expr::Select(select) => walk(&select.operand.expr, found),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Ok(()),
    }
}

fn entry_of(entry: &EntryExpr, found: &mut Vec<Argument>) -> Result<(), String> {
    match entry {
        EntryExpr::StructField(field) => walk(&field.value.expr, found),
        EntryExpr::MapEntry(entry) => {
            walk(&entry.key.expr, found)?;
            walk(&entry.value.expr, found)
        }
    }
}

fn is_it(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Ident(name) if name == NAME)
}
