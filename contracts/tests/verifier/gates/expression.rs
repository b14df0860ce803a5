//! Polynomials as Yul.

use std::collections::BTreeMap;

use fairshare_circuits::chips::Expr;
use fairshare_circuits::notation::{Notation, rotated};
use fairshare_params::encoding::encode_scalar;
use ff::{Field, PrimeField};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;

/// Longest line.
const WIDTH: usize = 110;

/// Most multiples of the order `r` that a word holds: 5·r < 2^256.
const MOST: u8 = 5;

/// A value in Yul, and how large it may be: at most `bound·r`. Sums are reduced only where they might not fit
/// a word; products are always.
#[derive(Clone, Debug)]
struct Value {
    text: Yul,
    bound: u8,
}

/// A name or number, or the call of a builtin.
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

/// A circuit's constraints, one after another: statements that leave each one's value in an expression.
pub struct Program<'a> {
    notation: &'a Notation,
    /// What occurs more than once in all constraints, by its text, and the variable that holds it.
    shared: BTreeMap<String, Option<Value>>,
    /// Declarations of shared variables since the last constraint.
    declared: Vec<String>,
}

/// The statements of one constraint.
pub struct Statements {
    /// Declarations of what later constraints read, too.
    pub shared: Vec<String>,
    /// Declares `value`, the polynomial's.
    pub own: String,
}

/// Spaces before a shared declaration, and before one of a constraint's own.
const INDENTS: [usize; 2] = [12, 16];

impl<'a> Program<'a> {
    pub fn new<'b>(notation: &'a Notation, polynomials: impl Iterator<Item = &'b Expr>) -> Self {
        let mut seen = BTreeMap::new();
        for polynomial in polynomials {
            count(notation, polynomial, &mut seen);
        }
        let shared = seen.into_iter().filter(|(_, times)| *times > 1).map(|(text, _)| (text, None)).collect();
        Self { notation, shared, declared: Vec::new() }
    }

    /// Statements that leave the polynomial's value in `value`.
    pub fn statements(&mut self, polynomial: &Expr) -> Statements {
        let value = self.value(polynomial);
        let own = declaration("value", &value.text, INDENTS[1]);
        Statements { shared: std::mem::take(&mut self.declared), own }
    }

    fn value(&mut self, expression: &Expr) -> Value {
        if let Some(known) = is_composite(expression).then(|| self.notation.expression(expression)) {
            match self.shared.get(&known) {
                Some(Some(variable)) => return variable.clone(),
                Some(None) => return self.share(known, expression),
                None => {}
            }
        }
        self.plain(expression)
    }

    fn share(&mut self, text: String, expression: &Expr) -> Value {
        let Value { text: value, bound } = self.plain(expression);
        let number = self.shared.values().flatten().count();
        let variable = format!("t{number}_");
        self.declared.push(format!("{:indent$}// {text}", "", indent = INDENTS[0]));
        self.declared.push(declaration(&variable, &value, INDENTS[0]));
        let variable = Value { text: Yul::Atom(variable), bound };
        self.shared.insert(text, Some(variable.clone()));
        variable
    }

    fn plain(&mut self, expression: &Expr) -> Value {
        match expression {
            Expression::Constant(value) => constant(value),
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
                sum(left, right)
            }
            Expression::Product(left, right) => match (&**left, &**right) {
                (Expression::Constant(Fr::ONE), other) | (other, Expression::Constant(Fr::ONE)) => {
                    self.value(other)
                }
                (left, right) => {
                    let (left, right) = (self.value(left), self.value(right));
                    modular("mulmod", left, right)
                }
            },
            Expression::Scaled(inner, Fr::ONE) => self.value(inner),
            Expression::Scaled(inner, factor) if *factor == -Fr::ONE => self.negated(inner),
            Expression::Scaled(inner, factor) => {
                let inner = self.value(inner);
                modular("mulmod", inner, constant(factor))
            }
        }
    }

    /// A word holds no negative value, so what is subtracted from the order is at most the order.
    fn negated(&mut self, inner: &Expr) -> Value {
        let Value { text, bound } = self.value(inner);
        let text = if bound == 1 { text } else { Yul::Call("mod", vec![text, order()]) };
        Value { text: Yul::Call("sub", vec![order(), text]), bound: 1 }
    }
}

fn declaration(variable: &str, value: &Yul, indent: usize) -> String {
    let start = format!("let {variable} := ");
    let lines = value.lines(indent, indent + start.len());
    format!("{:indent$}{start}{lines}", "")
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

/// A value that is read by its accessor, or a constant: below the order.
fn atom(text: String) -> Value {
    Value { text: Yul::Atom(text), bound: 1 }
}

fn call(name: &str) -> Value {
    atom(format!("{}()", identifier(name)))
}

fn order() -> Yul {
    Yul::Atom("r".to_owned())
}

fn constant(value: &Fr) -> Value {
    atom(number(value))
}

fn sum(left: Value, right: Value) -> Value {
    let bound = left.bound + right.bound;
    if bound > MOST {
        return modular("addmod", left, right);
    }
    Value { text: Yul::Call("add", vec![left.text, right.text]), bound }
}

fn modular(name: &'static str, left: Value, right: Value) -> Value {
    Value { text: Yul::Call(name, vec![left.text, right.text, order()]), bound: 1 }
}

/// A small number in decimal, a large one in hexadecimal digits.
fn number(value: &Fr) -> String {
    let bytes = encode_scalar(value);
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
