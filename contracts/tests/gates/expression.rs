//! Polynomials as Yul.

use std::collections::BTreeMap;

use fairshare_circuits::chips::Expr;
use fairshare_circuits::notation::{Notation, rotated};
use ff::{Field, PrimeField};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;

/// Longest line.
const WIDTH: usize = 110;

/// A value in Yul: a name or number, or the call of a builtin.
#[derive(Clone, Debug)]
enum Yul {
    Atom(String),
    Call(&'static str, Vec<Yul>),
}

impl Yul {
    /// In one line.
    fn flat(&self) -> String {
        match self {
            Self::Atom(text) => text.clone(),
            Self::Call(name, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(Self::flat).collect();
                format!("{name}({})", arguments.join(", "))
            }
        }
    }

    /// In as many lines as it needs, the first of which begins after `used` characters.
    fn lines(&self, indent: usize, used: usize) -> String {
        let flat = self.flat();
        match self {
            Self::Call(name, arguments) if used + flat.len() > WIDTH => {
                let inner = indent + 4;
                let arguments: Vec<_> = arguments
                    .iter()
                    .map(|argument| format!("{:inner$}{}", "", argument.lines(inner, inner + 1)))
                    .collect();
                format!("{name}(\n{}\n{:indent$})", arguments.join(",\n"), "")
            }
            _ => flat,
        }
    }
}

/// A constraint: statements that leave its value in an expression.
pub struct Program<'a> {
    notation: &'a Notation,
    /// What occurs more than once, by its text, and the variable that holds it.
    shared: BTreeMap<String, Option<String>>,
    statements: Vec<String>,
    indent: usize,
}

impl<'a> Program<'a> {
    pub fn new(notation: &'a Notation, polynomial: &Expr, indent: usize) -> Self {
        let mut seen = BTreeMap::new();
        count(notation, polynomial, &mut seen);
        let shared = seen.into_iter().filter(|(_, times)| *times > 1).map(|(text, _)| (text, None)).collect();
        Self { notation, shared, statements: Vec::new(), indent }
    }

    /// Statements that leave the polynomial's value in `value`.
    pub fn statements(mut self, polynomial: &Expr) -> String {
        let value = self.value(polynomial);
        self.declare("value", &value, "");
        self.statements.join("\n")
    }

    fn declare(&mut self, variable: &str, value: &Yul, comment: &str) {
        let (start, indent) = (format!("let {variable} := "), self.indent);
        let lines = value.lines(indent, indent + start.len());
        self.statements.push(format!("{:indent$}{start}{lines}{comment}", ""));
    }

    fn value(&mut self, expression: &Expr) -> Yul {
        if let Some(known) = is_composite(expression).then(|| self.notation.expression(expression)) {
            match self.shared.get(&known) {
                Some(Some(variable)) => return atom(variable),
                Some(None) => return self.share(known, expression),
                None => {}
            }
        }
        self.plain(expression)
    }

    fn share(&mut self, text: String, expression: &Expr) -> Yul {
        let value = self.plain(expression);
        let number = self.shared.values().flatten().count();
        let variable = format!("t{number}_");
        self.declare(&variable, &value, &format!(" // {text}"));
        self.shared.insert(text, Some(variable.clone()));
        atom(&variable)
    }

    fn plain(&mut self, expression: &Expr) -> Yul {
        match expression {
            Expression::Constant(value) => atom(&number(value)),
            Expression::Selector(_) => panic!("a key has turned selectors into columns"),
            Expression::Fixed(query) => {
                let name = rotated(&self.notation.fixed()[query.column_index()], query.rotation());
                call(&name)
            }
            Expression::Advice(query) => {
                let name = rotated(&self.notation.advice()[query.column_index()], query.rotation());
                call(&name)
            }
            Expression::Instance(query) => {
                let row = usize::try_from(query.rotation().0).expect("a row of the instance");
                call(&format!("instance_{}", self.notation.instance()[row]))
            }
            Expression::Challenge(challenge) => call(self.notation.challenges()[challenge.index()]),
            Expression::Negated(inner) => self.negated(inner),
            Expression::Sum(left, right) => {
                let (left, right) = (self.value(left), self.value(right));
                modular("addmod", [left, right])
            }
            Expression::Product(left, right) => match (&**left, &**right) {
                (Expression::Constant(Fr::ONE), other) | (other, Expression::Constant(Fr::ONE)) => {
                    self.value(other)
                }
                (left, right) => {
                    let (left, right) = (self.value(left), self.value(right));
                    modular("mulmod", [left, right])
                }
            },
            Expression::Scaled(inner, Fr::ONE) => self.value(inner),
            Expression::Scaled(inner, factor) if *factor == -Fr::ONE => self.negated(inner),
            Expression::Scaled(inner, factor) => {
                let inner = self.value(inner);
                modular("mulmod", [inner, atom(&number(factor))])
            }
        }
    }

    fn negated(&mut self, inner: &Expr) -> Yul {
        let inner = self.value(inner);
        Yul::Call("sub", vec![atom("r"), inner])
    }
}

fn is_composite(expression: &Expr) -> bool {
    match expression {
        Expression::Sum(..) | Expression::Product(..) => true,
        Expression::Scaled(_, factor) => *factor != Fr::ONE,
        _ => false,
    }
}

/// How often each composite expression occurs: those inside a repeated one once.
fn count(notation: &Notation, expression: &Expr, seen: &mut BTreeMap<String, usize>) {
    if is_composite(expression) {
        let times = seen.entry(notation.expression(expression)).or_default();
        *times += 1;
        if *times > 1 {
            return;
        }
    }
    match expression {
        Expression::Negated(inner) | Expression::Scaled(inner, _) => count(notation, inner, seen),
        Expression::Sum(left, right) | Expression::Product(left, right) => {
            count(notation, left, seen);
            count(notation, right, seen);
        }
        _ => {}
    }
}

fn atom(text: &str) -> Yul {
    Yul::Atom(text.to_owned())
}

/// A value that is read by its accessor.
fn call(name: &str) -> Yul {
    Yul::Atom(format!("{}()", identifier(name)))
}

fn modular(name: &'static str, arguments: [Yul; 2]) -> Yul {
    Yul::Call(name, arguments.into_iter().chain([atom("r")]).collect())
}

/// A small number in decimal, a large one in hexadecimal digits.
fn number(value: &Fr) -> String {
    let bytes = fairshare_params::encoding::encode_scalar(value);
    let (high, low) = bytes.split_at(28);
    if high.iter().all(|byte| *byte == 0) {
        let low = u32::from_be_bytes(low.try_into().expect("four bytes"));
        debug_assert_eq!(Fr::from(u64::from(low)).to_repr(), value.to_repr());
        return low.to_string();
    }
    let digits = hex::encode(bytes);
    format!("0x{}", digits.trim_start_matches('0'))
}

/// A name of the notation as Yul writes it.
pub fn identifier(name: &str) -> String {
    let mut text = name.replace("(+1)", "_next");
    for (letter, word) in
        [("φ", "phi"), ("γ", "gamma"), ("θ", "theta"), ("ρ", "rho"), ("λ", "lambda"), ("ℓ", "ell")]
    {
        text = text.replace(letter, word);
    }
    assert!(text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'), "{name}");
    text
}
