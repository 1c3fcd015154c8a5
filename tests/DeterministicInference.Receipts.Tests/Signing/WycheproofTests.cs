using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Signing;

/// <summary>All tests of C2SP/wycheproof, testvectors_v1/ed25519_test.json: which signatures count.</summary>
public class WycheproofTests
{
    [Fact]
    public void Ed25519()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Signing", "wycheproof-ed25519.txt");
        (int valid, int invalid) = (0, 0);
        foreach (string line in File.ReadLines(path).Where(line => !line.StartsWith('#')))
        {
            string[] words = line.Split(' ');
            bool expected = words[4] == "valid";
            Assert.True(Verify(words[1], words[2], words[3]) == expected, $"test {words[0]}");
            (valid, invalid) = expected ? (valid + 1, invalid) : (valid, invalid + 1);
        }
        Assert.Equal((88, 63), (valid, invalid));
    }

    /// <summary>With a key of small order one signature would count for many messages.</summary>
    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void Keys_that_are_none_are_refused(string key) =>
        Assert.Throws<CryptographicException>(() => new VerificationKey(Convert.FromHexString(key)));

    private static bool Verify(string key, string message, string signature) =>
        new VerificationKey(Convert.FromHexString(key)).Verify(Bytes(message), Bytes(signature));

    private static byte[] Bytes(string hex) => hex == "-" ? [] : Convert.FromHexString(hex);
}
