using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

public class RequestPinsTests
{
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
}
