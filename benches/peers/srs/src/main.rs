//! Parameters of a trapdoor that EVERYBODY KNOWS, in the formats of Barretenberg, ezkl and snarkjs.
//!
//! **For measurement only.** Whoever knows the trapdoor forges any proof, and here it is a constant of the
//! source. It serves where no ceremony's file can be downloaded, and where a set-up without trapdoor would
//! take longer than all measurements together: what a proof costs does not depend on who knows the trapdoor.
//!
//! ```text
//! peer-srs bb    POINTS DIRECTORY    bn254_g1.dat and bn254_g2.dat
//! peer-srs halo2 POWER  FILE         halo2's parameters, as ezkl reads them
//! peer-srs zkey  R1CS   FILE         Groth16 keys of a circuit, as snarkjs reads them
//! ```

mod groth16;
mod points;

use std::{
    env,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
};

use ark_bn254::{Fr, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::Field;
use points::{
    Generators, TAU, big_endian, g1_coordinates, g2_coordinates, lagrange, montgomery, powers, trapdoor,
};

/// The generator of which halo2's roots of unity are powers.
const HALO2: u64 = 7;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bb", points, directory] => {
            number(points).and_then(|points| barretenberg(points, Path::new(directory)))
        }
        ["halo2", power, file] => number(power).and_then(|power| halo2(power as u32, Path::new(file))),
        ["zkey", r1cs, file] => groth16::keys(Path::new(r1cs), Path::new(file)),
        _ => Err(io::Error::other("usage: peer-srs bb POINTS DIRECTORY | halo2 POWER FILE | zkey R1CS FILE")),
    };
    if let Err(error) = result {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn number(text: &str) -> io::Result<usize> {
    text.parse().map_err(io::Error::other)
}

/// Affine coordinates, big-endian, not in Montgomery form; `G₂` real part first.
fn barretenberg(points: usize, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut file = BufWriter::new(File::create(directory.join("bn254_g1.dat"))?);
    Generators::new(points).g1(&powers(Fr::ONE, points), |point| {
        g1_coordinates(point).iter().try_for_each(|coordinate| file.write_all(&big_endian(coordinate)))
    })?;
    file.flush()?;

    let tau = (G2Projective::generator() * trapdoor(TAU)).into_affine();
    fs::write(
        directory.join("bn254_g2.dat"),
        g2_coordinates(&tau).iter().flat_map(big_endian).collect::<Vec<_>>(),
    )
}

/// Powers, then the Lagrange basis, then `G₂` and `τ·G₂`.
fn halo2(power: u32, path: &Path) -> io::Result<()> {
    let n = 1usize << power;
    let generators = Generators::new(n);
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&power.to_le_bytes())?;
    for scalars in [powers(Fr::ONE, n), lagrange(HALO2, power)] {
        generators.g1(&scalars, |point| montgomery(&mut file, &g1_coordinates(point)))?;
    }
    generators.g2(&powers(Fr::ONE, 2), |point| montgomery(&mut file, &g2_coordinates(point)))?;
    file.flush()
}
