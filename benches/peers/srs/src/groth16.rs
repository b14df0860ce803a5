//! Groth16 keys of an R1CS, as snarkjs reads them: what its own `groth16 setup` makes of the same trapdoors.
//!
//! The order of sections, the rows that bind public signals and the basis of `H` are snarkjs' choices. `γ`
//! and `δ` are 1, as they are before any contribution.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use ark_bn254::{Fq, Fr};
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};

use crate::points::{
    ALPHA, BETA, Generators, g1_coordinates, g2_coordinates, lagrange, montgomery, trapdoor,
};

/// The generator of which snarkjs' roots of unity are powers: the smallest non-residue.
const SNARKJS: u64 = 5;

/// Writes the keys of the circuit in `r1cs` to `path`.
pub fn keys(r1cs: &Path, path: &Path) -> io::Result<()> {
    let circuit = Circuit::read(&fs::read(r1cs)?)?;
    let at_tau = circuit.at_tau();
    let (alpha, beta) = (trapdoor(ALPHA), trapdoor(BETA));
    let wires = circuit.wires;
    let products: Vec<Fr> =
        (0..wires).map(|i| beta * at_tau.a[i] + alpha * at_tau.b[i] + at_tau.c[i]).collect();
    let (public, private) = products.split_at(circuit.public + 1);
    // The quotient's numerator vanishes on the domain, so that its other half of a domain twice as large says
    // all.
    let quotient: Vec<Fr> = lagrange(SNARKJS, circuit.power() + 1).into_iter().skip(1).step_by(2).collect();

    let mut file = Sections { file: BufWriter::new(File::create(path)?), generators: Generators::new(wires) };
    file.file.write_all(b"zkey")?;
    file.words(&[1, 10])?;
    file.start(1, 4)?;
    file.words(&[1])?;
    file.header(&circuit, alpha, beta)?;
    file.g1(3, public)?;
    file.coefficients(&circuit)?;
    file.g1(5, &at_tau.a)?;
    file.g1(6, &at_tau.b)?;
    file.g2(7, &at_tau.b)?;
    file.g1(8, private)?;
    file.g1(9, &quotient)?;
    // No contributions, and the hash of a circuit to contribute to.
    file.start(10, 68)?;
    file.file.write_all(&[0; 68])?;
    file.file.flush()
}

type Terms = Vec<(u32, Fr)>;

struct Circuit {
    wires: usize,
    public: usize,
    /// `A`, `B`, `C` of each constraint.
    constraints: Vec<[Terms; 3]>,
}

/// The polynomials of each wire at `τ`.
struct AtTau {
    a: Vec<Fr>,
    b: Vec<Fr>,
    c: Vec<Fr>,
}

impl Circuit {
    fn read(bytes: &[u8]) -> io::Result<Self> {
        let mut reader = Reader(bytes);
        if reader.take(4)? != b"r1cs" {
            return Err(io::Error::other("not an R1CS file"));
        }
        reader.word()?;
        let (mut header, mut constraints) = (Reader(&[]), Reader(&[]));
        for _ in 0..reader.word()? {
            let id = reader.word()?;
            let length = u64::from(reader.word()?) | u64::from(reader.word()?) << 32;
            let section = Reader(reader.take(length as usize)?);
            match id {
                1 => header = section,
                2 => constraints = section,
                _ => {}
            }
        }
        header.take(4 + 32)?;
        let wires = header.word()? as usize;
        let public = (header.word()? + header.word()?) as usize;
        header.take(4 + 8)?;
        let constraints = (0..header.word()?)
            .map(|_| Ok([constraints.terms()?, constraints.terms()?, constraints.terms()?]))
            .collect::<io::Result<_>>()?;
        Ok(Self { wires, public, constraints })
    }

    /// Constraints, and a row for each public signal and the constant, fit in `2^power`.
    fn power(&self) -> u32 {
        (self.constraints.len() + self.public + 1).next_power_of_two().trailing_zeros()
    }

    fn at_tau(&self) -> AtTau {
        let basis = lagrange(SNARKJS, self.power());
        let mut at_tau = [vec![Fr::ZERO; self.wires], vec![Fr::ZERO; self.wires], vec![Fr::ZERO; self.wires]];
        for (constraint, weight) in self.constraints.iter().zip(&basis) {
            for (terms, sums) in constraint.iter().zip(&mut at_tau) {
                for (wire, coefficient) in terms {
                    sums[*wire as usize] += *coefficient * weight;
                }
            }
        }
        for (wire, weight) in basis[self.constraints.len()..].iter().take(self.public + 1).enumerate() {
            at_tau[0][wire] += weight;
        }
        let [a, b, c] = at_tau;
        AtTau { a, b, c }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = rest;
        Ok(taken)
    }

    fn word(&mut self) -> io::Result<u32> {
        let bytes = self.take(4)?.try_into().expect("four bytes were taken");
        Ok(u32::from_le_bytes(bytes))
    }

    fn terms(&mut self) -> io::Result<Terms> {
        (0..self.word()?).map(|_| Ok((self.word()?, Fr::from_le_bytes_mod_order(self.take(32)?)))).collect()
    }
}

struct Sections {
    file: BufWriter<File>,
    generators: Generators,
}

impl Sections {
    fn start(&mut self, id: u32, bytes: usize) -> io::Result<()> {
        self.words(&[id])?;
        self.file.write_all(&(bytes as u64).to_le_bytes())
    }

    fn words(&mut self, words: &[u32]) -> io::Result<()> {
        words.iter().try_for_each(|word| self.file.write_all(&word.to_le_bytes()))
    }

    fn header(&mut self, circuit: &Circuit, alpha: Fr, beta: Fr) -> io::Result<()> {
        self.start(2, 2 * 36 + 3 * 4 + 3 * 64 + 3 * 128)?;
        for modulus in [Fq::MODULUS.to_bytes_le(), Fr::MODULUS.to_bytes_le()] {
            self.words(&[32])?;
            self.file.write_all(&modulus)?;
        }
        self.words(&[circuit.wires as u32, circuit.public as u32, 1 << circuit.power()])?;
        self.points_1(&[alpha, beta])?;
        self.points_2(&[beta, Fr::ONE])?;
        self.points_1(&[Fr::ONE])?;
        self.points_2(&[Fr::ONE])
    }

    /// `A` and `B` row by row. A value is multiplied by `R²`, so that one Montgomery multiplication by a
    /// plain number makes it Montgomery form.
    fn coefficients(&mut self, circuit: &Circuit) -> io::Result<()> {
        let count =
            circuit.constraints.iter().map(|[a, b, _]| a.len() + b.len()).sum::<usize>() + circuit.public + 1;
        self.start(4, 4 + 44 * count)?;
        self.words(&[count as u32])?;
        let radix = Fr::from(2u64).pow([256]);
        let mut write = |matrix: u32, row: usize, wire: u32, value: Fr| -> io::Result<()> {
            self.words(&[matrix, row as u32, wire])?;
            (value * radix).0.0.iter().try_for_each(|limb| self.file.write_all(&limb.to_le_bytes()))
        };
        for (row, constraint) in circuit.constraints.iter().enumerate() {
            for (matrix, terms) in constraint[..2].iter().enumerate() {
                for (wire, value) in terms {
                    write(matrix as u32, row, *wire, *value)?;
                }
            }
        }
        (0..=circuit.public)
            .try_for_each(|wire| write(0, circuit.constraints.len() + wire, wire as u32, Fr::ONE))
    }

    fn g1(&mut self, id: u32, scalars: &[Fr]) -> io::Result<()> {
        self.start(id, scalars.len() * 64)?;
        self.points_1(scalars)
    }

    fn g2(&mut self, id: u32, scalars: &[Fr]) -> io::Result<()> {
        self.start(id, scalars.len() * 128)?;
        self.points_2(scalars)
    }

    fn points_1(&mut self, scalars: &[Fr]) -> io::Result<()> {
        self.generators.g1(scalars, |point| montgomery(&mut self.file, &g1_coordinates(point)))
    }

    fn points_2(&mut self, scalars: &[Fr]) -> io::Result<()> {
        self.generators.g2(scalars, |point| montgomery(&mut self.file, &g2_coordinates(point)))
    }
}
