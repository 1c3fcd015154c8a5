using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Trust;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Trust;

public sealed class TrustFileTests : IDisposable
{
    private readonly SigningKey _signing = SigningKey.Create();

    private NoteKey Log => new("log.example", _signing.PublicKey);

    public void Dispose() => _signing.Dispose();

    [Fact]
    public void Keys_are_read_in_every_form_in_which_servers_and_tools_write_them()
    {
        string[] forms =
        [
            $"{Log}",
            $" {Log}\r\n\n{Log}\n",
            _signing.PublicKey.ToPem(),
            $$"""{"vkey":"{{Log}}","x":1}""",
        ];
        Assert.All(
            forms,
            form =>
                Assert.All(TrustPolicy.OfKeys(form).Keys, key => Assert.Equal(_signing.PublicKey.KeyId, key.Key.KeyId))
        );
        Assert.Equal([1, 2, 1, 1], forms.Select(form => TrustPolicy.OfKeys(form).Keys.Count));
        Assert.Equal(5, TrustPolicy.OfKeys(forms).Keys.Count);
        Assert.Empty(TrustPolicy.None.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("{}")]
    [InlineData("""{"vkey":3}""")]
    [InlineData("[]")]
    public void What_is_no_key_is_refused(string text) =>
        Assert.Throws<FormatException>(() => TrustPolicy.OfKeys($"{Log}", text));

    [Fact]
    public void A_file_names_keys_with_their_limits_and_what_is_required()
    {
        TrustPolicy policy = Parse(
            $$"""
            {
              "form": "dis-trust/1", // comments are for people
              "keys": [
                { "key": "{{Log}}", "last_size": 7, "last_time": "2026-11-22T10:11:12Z" },
                { "key": "{{_signing.PublicKey.ToPem().ReplaceLineEndings("\\n")}}", "origin": "other.example" },
              ],
              "require": ["logged", "replayed"],
            }
            """
        );
        Assert.Equal([TrustRequirement.Logged, TrustRequirement.Replayed], policy.Requirements);
        Assert.Equal(
            [("log.example", (long?)7), ("other.example", null)],
            policy.Keys.Select(key => (key.Log!.Name, key.Limit?.LastSize))
        );
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 10, 11, 12, TimeSpan.Zero), policy.Keys[0].Limit!.LastTime);
    }

    [Theory]
    [InlineData("""{"keys":[]}""", "'form' is not")]
    [InlineData("""{"form":"dis-trust/2"}""", "'form' is not")]
    [InlineData("""{"form":"dis-trust/1","key":[]}""", "unknown member 'key'")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"K","last_sise":1}]}""", "unknown member 'last_sise'")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"K","last_size":-1}]}""", "'last_size'")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"K","last_time":"soon"}]}""", "'last_time'")]
    [InlineData("""{"form":"dis-trust/1","keys":[{"key":"K","origin":"x"}]}""", "'origin'")]
    [InlineData("""{"form":"dis-trust/1","require":["trusted"]}""", "'trusted' is none of")]
    [InlineData("""{"form":"dis-trust/1","form":"dis-trust/1"}""", "form")]
    [InlineData("""{"form":"dis-trust/1","witness_policy":"nonsense x"}""", "nonsense")]
    [InlineData("[]", "not an object")]
    public void What_a_verifier_would_overlook_is_refused(string json, string why)
    {
        FormatException refusal = Assert.Throws<FormatException>(() =>
            Parse(json.Replace("\"K\"", $"\"{Log}\"", StringComparison.Ordinal))
        );
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_policies_are_one_with_what_both_require()
    {
        using SigningKey other = SigningKey.Create();
        TrustPolicy policy = TrustPolicy
            .OfKeys($"{Log}")
            .Require(TrustRequirement.Logged)
            .And(
                TrustPolicy.OfKeys(other.PublicKey.ToPem()).Require(TrustRequirement.Logged, TrustRequirement.Replayed)
            );
        Assert.Equal([_signing.PublicKey.KeyId, other.PublicKey.KeyId], policy.Keys.Select(key => key.Key.KeyId));
        Assert.Equal([TrustRequirement.Logged, TrustRequirement.Replayed], policy.Requirements);
        Assert.Empty(TrustPolicy.None.Requirements);
    }

    private static TrustPolicy Parse(string json) => TrustPolicy.Parse(Encoding.UTF8.GetBytes(json));
}
