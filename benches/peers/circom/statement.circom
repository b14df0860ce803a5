pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";

// The symbols inside a digest have the histogram inside another digest. Each bin's count is the number of symbols that
// are in it: no score, which would cost about as much as the histogram of 4,096 symbols.

// Poseidon over any number of words, fifteen and the state before a permutation.
template Sponge(words) {
    signal input start;
    signal input in[words];
    signal output out;

    var blocks = (words + 14) \ 15;
    component permutations[blocks];
    for (var block = 0; block < blocks; block++) {
        permutations[block] = Poseidon(16);
        permutations[block].inputs[0] <== block == 0 ? start : permutations[block - 1].out;
        for (var i = 0; i < 15; i++) {
            permutations[block].inputs[i + 1] <== 15 * block + i < words ? in[15 * block + i] : 0;
        }
    }
    out <== permutations[blocks - 1].out;
}

// `n` numbers of `bits` bits in words of `each`. The ranges give a word one meaning, before any challenge is known: a
// look-up after the challenge could not, for the prover would choose the numbers to suit it.
template Unpack(n, bits, each) {
    var words = (n + each - 1) \ each;
    signal input packed[words];
    signal bit[n][bits];
    signal output out[n];

    for (var word = 0; word < words; word++) {
        var sum = 0;
        for (var i = 0; i < each && word * each + i < n; i++) {
            var number = 0;
            for (var b = 0; b < bits; b++) {
                bit[word * each + i][b] <-- (packed[word] >> (i * bits + b)) & 1;
                bit[word * each + i][b] * (bit[word * each + i][b] - 1) === 0;
                number += bit[word * each + i][b] * 2 ** b;
            }
            out[word * each + i] <== number;
            sum += number * 2 ** (i * bits);
        }
        packed[word] === sum;
    }
}

// `Σ_i 1/(γ − v_i) = Σ_t c_t/(γ − t)`: the counts are the multiplicities.
template Multiplicities(n, alphabet) {
    signal input challenge;
    signal input symbols[n];
    signal input counts[alphabet];
    signal fractions[n];
    signal partial[(n + 30) \ 31];
    signal inverses[alphabet];
    signal terms[alphabet];

    var left = 0;
    for (var word = 0; word * 31 < n; word++) {
        var sum = 0;
        for (var i = word * 31; i < n && i < word * 31 + 31; i++) {
            fractions[i] <-- 1 / (challenge - symbols[i]);
            fractions[i] * (challenge - symbols[i]) === 1;
            sum += fractions[i];
        }
        // Keeps expressions short for the compiler.
        partial[word] <== sum;
        left += partial[word];
    }
    var right = 0;
    for (var t = 0; t < alphabet; t++) {
        inverses[t] <-- 1 / (challenge - t);
        inverses[t] * (challenge - t) === 1;
        terms[t] <== counts[t] * inverses[t];
        right += terms[t];
    }
    left === right;
}

// `countBits` is the number of bits of `n`: no count is larger.
template Statement(n, countBits) {
    var countsEach = 253 \ countBits;
    var countWords = (256 + countsEach - 1) \ countsEach;
    signal input salt;
    signal input symbolWords[(n + 30) \ 31];
    signal input countSalt;
    signal input countWordsIn[countWords];
    signal output digest;
    signal output histogram;

    component symbols = Unpack(n, 8, 31);
    symbols.packed <== symbolWords;
    component counts = Unpack(256, countBits, countsEach);
    counts.packed <== countWordsIn;

    digest <== Sponge((n + 30) \ 31)(salt, symbolWords);
    histogram <== Sponge(countWords)(countSalt, countWordsIn);
    component challenge = Poseidon(2);
    challenge.inputs <== [digest, histogram];

    Multiplicities(n, 256)(challenge.out, symbols.out, counts.out);
}
