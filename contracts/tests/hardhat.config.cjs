// The node of the end-to-end test. Nothing is compiled here: the test deploys the committed artifacts.
module.exports = {
  solidity: "0.8.37",
  networks: {
    hardhat: {
      chainId: 31337,
      hardfork: "cancun",
      // A refused transaction is mined and has status 0, as on a public chain.
      throwOnTransactionFailures: false,
    },
  },
};
