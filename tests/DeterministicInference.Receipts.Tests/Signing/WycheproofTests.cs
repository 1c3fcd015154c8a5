using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Signing;

/// <summary>
/// The first 18 tests of C2SP/wycheproof, testvectors_v1/ecdsa_secp256r1_sha256_test.json: which encodings of a
/// signature count.
/// </summary>
public class WycheproofTests
{
    private const string KeyOf1To4 =
        "3059301306072a8648ce3d020106082a8648ce3d0301070342000404aaec73635726f213fb8a9e64da3b8632e41495a944d0045b522eba7240fad587d9315798aaa3a5ba01775787ced05eaaf7b4e09fc81d6d1aa546e8365d525d";
    private const string KeyOf5To18 =
        "3059301306072a8648ce3d020106082a8648ce3d030107034200042927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838c7787964eaac00e5921fb1498a60f4606766b3d9685001558d1a974e7341513e";

    // Tests 5 to 18 have one r and, but for 5 and 6, one s.
    private const string R = "02202ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18";
    private const string Rs = R + "022100b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df4087c134b49156847db";
    private const string Message = "313233343030";

    [Theory]
    [InlineData(
        "",
        "3045022100b292a619339f6e567a305c951c0dcbcc42d16e47f219f9e98e76e09d8770b34a02200177e60492c5a8242f76f07bfe3661bde59ec2a17ce5bd2dab2abebdf89a62e2"
    )]
    [InlineData(
        "4d7367",
        "30450220530bd6b0c9af2d69ba897f6b5fb59695cfbf33afe66dbadcf5b8d2a2a6538e23022100d85e489cb7a161fd55ededcedbf4cc0c0987e3e3f0f242cae934c72caa3f43e9"
    )]
    [InlineData(
        Message,
        "3046022100a8ea150cb80125d7381c4c1f1da8e9de2711f9917060406a73d7904519e51388022100f3ab9fa68bd47973a73b2d40480c2ba50c22c9d76ec217257288293285449b86"
    )]
    [InlineData(
        "0000000000000000000000000000000000000000",
        "3045022100986e65933ef2ed4ee5aada139f52b70539aaf63f00a91f29c69178490d57fb7102203dafedfb8da6189d372308cbf1489bbbdabf0c0217d1c0ff0f701aaa7a694b9c"
    )]
    public void Valid_signatures(string message, string signature) =>
        Assert.True(Verify(KeyOf1To4, message, signature));

    [Theory]
    [InlineData(5, "3044" + R + "02204cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9aa7c77a67f79e6fadd76", true)]
    [InlineData(6, "3044" + R + "0220b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df4087c134b49156847db", false)]
    [InlineData(7, "3045" + Rs, true)]
    [InlineData(8, "308145" + Rs, false)]
    [InlineData(9, "30820045" + Rs, false)]
    [InlineData(10, "3046" + Rs, false)]
    [InlineData(11, "3044" + Rs, false)]
    [InlineData(12, "30850100000045" + Rs, false)]
    [InlineData(13, "3089010000000000000045" + Rs, false)]
    [InlineData(14, "30847fffffff" + Rs, false)]
    [InlineData(15, "308480000000" + Rs, false)]
    [InlineData(16, "3084ffffffff" + Rs, false)]
    [InlineData(17, "3085ffffffffff" + Rs, false)]
    [InlineData(18, "3088ffffffffffffffff" + Rs, false)]
    public void Encodings(int test, string signature, bool valid) =>
        Assert.True(valid == Verify(KeyOf5To18, Message, signature), $"test {test}");

    private static bool Verify(string spki, string message, string signature)
    {
        using VerificationKey key = VerificationKey.FromSpki(Convert.FromHexString(spki));
        return key.Verify(Convert.FromHexString(message), Convert.FromHexString(signature));
    }
}
