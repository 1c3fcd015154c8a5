using System.Text;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

public class RequestPinsTests
{
    [Fact]
    public void A_pin_replaces_the_client_s_member_and_stands_where_it_sorts()
    {
        Assert.Equal(Digest("""{"a":1,"seed":42,"z":1}"""), Digest("""{"z":1,"seed":"7","a":1}""", ("seed", "42")));
        Assert.Equal(Digest("""{"a":1,"seed":42,"z":1}"""), Digest("""{"z":1,"a":1}""", ("seed", "42")));
    }

    [Fact]
    public void A_literal_is_kept_and_a_string_has_one_spelling()
    {
        Assert.NotEqual(Digest("""{"t":0.7}"""), Digest("{}", ("t", "0.70")));
        Assert.Equal(Digest("""{"t":9007199254740993}"""), Digest("{}", ("t", "9007199254740993")));
        Assert.Equal(Digest("""{"model":"A"}"""), Digest("{}", ("model", "\"\\u0041\"")));
    }

    [Fact]
    public void What_a_pin_replaces_is_not_bound() =>
        Assert.Equal(Digest("""{"seed":1}""", ("seed", "42")), Digest("""{"seed":{"any":"thing"}}""", ("seed", "42")));

    [Theory]
    [InlineData("messages", "1")]
    [InlineData("prompt", "\"x\"")]
    [InlineData("tools", "1")]
    [InlineData("response_format", "1")]
    [InlineData("stream", "true")]
    [InlineData("user", "\"x\"")]
    [InlineData("x", "null")]
    [InlineData("x", "{}")]
    [InlineData("x", "[1]")]
    [InlineData("x", "")]
    [InlineData("x", "1 ")]
    [InlineData("x", " 1")]
    [InlineData("x", "1,2")]
    [InlineData("x", "01")]
    [InlineData("x", "x")]
    [InlineData("x", "\"\\ud800\"")]
    public void What_can_t_be_a_pin_is_refused_by_name(string name, string json) =>
        Assert.Contains(
            $"'{name}'",
            Assert.Throws<ArgumentException>(() => Pins((name, json))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Half_of_a_surrogate_pair_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Pins(("\ud800", "1")));
        Assert.Throws<ArgumentException>(() => Pins(("x", "\"\ud800\"")));
    }

    [Fact]
    public void Two_hundred_bytes_are_enough()
    {
        string fits = "\"" + new string('é', 99) + "\"";
        Assert.Single(Pins(("x", fits)).Values);
        Assert.Throws<ArgumentException>(() => Pins(("x", fits.Insert(1, "e"))));
    }

    [Fact]
    public void A_pin_given_twice_is_refused() => Assert.Throws<ArgumentException>(() => Pins(("a", "1"), ("a", "1")));

    private static RequestPins Pins(params (string Name, string Json)[] pins) =>
        new(pins.Select(pin => KeyValuePair.Create(pin.Name, pin.Json)));

    private static Sha256Value Digest(string body, params (string Name, string Json)[] pins) =>
        CanonicalRequest.Digest("/v1/completions", Encoding.UTF8.GetBytes(body), Pins(pins));
}
