using System.Text;
using DeterministicInference.Receipts.Environments;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Environments;

public class InferenceEnvironmentTests
{
    /// <summary>The vector of docs/determinism.md, computed by an independent program.</summary>
    [Fact]
    public void Vector()
    {
        InferenceEnvironment environment = Of(
            ("model.sha256", string.Concat(Enumerable.Repeat("ab", 32))),
            ("engine.semantics", "1"),
            ("forward.inject", "return_token_ids"),
            ("engine.name", "embedded")
        );
        Assert.Equal("ec9d7ca19a538998eeee6a445e9d54937f2b4aeda8a6004bce521137f0eca0c3", environment.Id.ToString());
    }

    /// <summary>An environment that promises less is another one.</summary>
    [Fact]
    public void Reasons_are_part_of_the_id_and_sources_are_not()
    {
        InferenceEnvironment[] environments =
        [
            Of(("a", "1")),
            Of(("a", "2")),
            Of(("b", "1")),
            new([new("a", new EnvironmentFact("1", FactSource.Measured))], ["template_uses_clock"]),
            new([new("a", new EnvironmentFact("1", FactSource.Measured))], ["determinism_off"]),
        ];
        Assert.Equal(environments.Length, environments.Select(environment => environment.Id).Distinct().Count());
        Assert.Equal(
            Of(("a", "1")).Id,
            new InferenceEnvironment([new("a", new EnvironmentFact("1", FactSource.EngineReported))], []).Id
        );
    }

    [Fact]
    public void The_order_of_reasons_does_not_matter() =>
        Assert.Equal(new InferenceEnvironment([], ["x", "y"]).Id, new InferenceEnvironment([], ["y", "x", "y"]).Id);

    [Fact]
    public void A_reason_that_is_no_line_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new InferenceEnvironment([], [""]));
        Assert.Throws<ArgumentException>(() => new InferenceEnvironment([], ["half of a pair \uD800"]));
    }

    [Fact]
    public void The_weakest_source_counts_and_a_declared_fact_makes_it_best_effort()
    {
        Assert.Equal(
            (FactSource.Measured, DeterminismClass.Deterministic),
            Summary(FactSource.Measured, FactSource.Measured)
        );
        Assert.Equal(
            (FactSource.EngineReported, DeterminismClass.Deterministic),
            Summary(FactSource.Measured, FactSource.EngineReported)
        );
        Assert.Equal(
            (FactSource.Declared, DeterminismClass.BestEffort),
            Summary(FactSource.Declared, FactSource.Measured)
        );

        static (FactSource, DeterminismClass) Summary(FactSource a, FactSource b)
        {
            var environment = new InferenceEnvironment(
                [new("a", new EnvironmentFact("1", a)), new("b", new EnvironmentFact("1", b))],
                []
            );
            return (environment.Source, environment.Class);
        }
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("a\u007f")]
    [InlineData("a\u0085")]
    public void A_value_that_is_not_one_printable_line_is_replaced_by_its_hash(string value)
    {
        string expected = "sha256:" + Sha256Value.Of(Encoding.UTF8.GetBytes(value));
        Assert.Equal(expected, Of(("a", value)).Facts["a"].Value);
        Assert.Equal(Of(("a", expected)).Id, Of(("a", value)).Id);
    }

    [Fact]
    public void A_long_value_is_replaced_by_its_hash_counted_in_bytes()
    {
        string fits = new('é', 100),
            tooLong = fits + "x";
        Assert.Equal(fits, Of(("a", fits)).Facts["a"].Value);
        Assert.StartsWith("sha256:", Of(("a", tooLong)).Facts["a"].Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Engine")]
    [InlineData("a b")]
    [InlineData("a-b")]
    [InlineData("é")]
    public void Keys_have_one_form(string key) =>
        Assert.Contains(
            $"'{key}'",
            Assert.Throws<ArgumentException>(() => Of((key, "1"))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_key_given_twice_is_refused() => Assert.Throws<ArgumentException>(() => Of(("a", "1"), ("a", "1")));

    [Fact]
    public void Differences_name_the_keys() =>
        Assert.Equal(
            ["b", "c", "d"],
            Of(("a", "1"), ("b", "1"), ("c", "1")).Differences(Of(("a", "1"), ("b", "2"), ("d", "1")))
        );

    [Fact]
    public void The_document_reads_back()
    {
        var environment = new InferenceEnvironment(
            [
                new("engine.name", new EnvironmentFact("sglang \"x\"", FactSource.EngineReported)),
                new("gpu", new EnvironmentFact("H100", FactSource.Measured)),
            ],
            ["external"]
        );
        InferenceEnvironment read = EnvironmentDocument.Read(EnvironmentDocument.Write(environment));
        Assert.Equal(environment.Id, read.Id);
        Assert.Equal(environment.Facts, read.Facts);
        Assert.Equal(environment.Reasons, read.Reasons);
        Assert.Equal(DeterminismClass.BestEffort, read.Class);
    }

    [Theory]
    [InlineData("H100", "H200", "environment.id")]
    [InlineData("best-effort", "deterministic", "environment.class")]
    [InlineData("external", "internal", "environment.id")]
    [InlineData("measured", "guessed", "environment.facts.gpu.source")]
    [InlineData("\"facts\"", "\"fact\"", "environment.fact")]
    [InlineData("{\"id\"", "{\"of_tomorrow\":1,\"id\"", "environment.of_tomorrow")]
    [InlineData("\"source\"", "\"at\":1,\"source\"", "environment.facts.gpu.at")]
    [InlineData("\"facts\":{", "\"reasons\":[],\"facts\":{", "environment")]
    public void A_changed_document_is_refused_naming_the_member(string part, string by, string member)
    {
        var environment = new InferenceEnvironment(
            [new("gpu", new EnvironmentFact("H100", FactSource.Measured))],
            ["external"]
        );
        string json = Encoding
            .UTF8.GetString(EnvironmentDocument.Write(environment))
            .Replace(part, by, StringComparison.Ordinal);
        Assert.Equal(
            member,
            Assert.Throws<ReceiptFormatException>(() => EnvironmentDocument.Read(Encoding.UTF8.GetBytes(json))).Member
        );
    }

    private static InferenceEnvironment Of(params (string Key, string Value)[] facts) =>
        new(
            facts.Select(fact => KeyValuePair.Create(fact.Key, new EnvironmentFact(fact.Value, FactSource.Measured))),
            []
        );
}
