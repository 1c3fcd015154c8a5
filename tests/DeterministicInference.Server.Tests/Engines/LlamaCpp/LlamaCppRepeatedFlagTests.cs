using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Engines.LlamaCpp;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.LlamaCpp;

/// <summary>
/// Repeated flags count each time, in order, as they may add up. Of those that the launch gives, and of a switch and
/// its negation, the last one counts.
/// </summary>
public sealed class LlamaCppRepeatedFlagTests
{
    [Theory]
    [InlineData("--override-kv a=int:1 --override-kv b=int:2", "argument.override_kv", "a=int:1 b=int:2")]
    [InlineData("-l 260-100 --logit-bias 300+1", "argument.logit_bias", "260-100 300+1")]
    [InlineData("-r one -r two", "argument.reverse_prompt", "one two")]
    [InlineData("--of-tomorrow 1 --of-tomorrow 2", "argument.of_tomorrow", "1 2")]
    [InlineData("--jinja --no-jinja", "argument.jinja", null)]
    [InlineData("--jinja --no-jinja", "argument.no_jinja", "true")]
    [InlineData("--no-jinja --jinja", "argument.jinja", "true")]
    [InlineData("--no-jinja --jinja", "argument.no_jinja", null)]
    [InlineData("--no-host --host x", "argument.no_host", "true")]
    [InlineData("-kvu -no-kvu", "argument.kv_unified", null)]
    [InlineData("--cache-prompt --no-cache-prompt", "argument.cache_prompt", null)]
    [InlineData("-t 4 --threads 1", "argument.threads", "1")]
    [InlineData("--lora-scaled /a.gguf:0.5,/b.gguf:0.7", "argument.lora_scaled", "0.5 0.7")]
    [InlineData("--lora /a.gguf --lora-scaled /b.gguf:0.7", "argument.lora_scaled", "1 0.7")]
    [InlineData("--lora-scaled /b.gguf:0.7 --lora /a.gguf", "argument.lora_scaled", "0.7 1")]
    [InlineData("--lora-scaled /b.gguf 0.7", "argument.lora_scaled", "0.7")]
    [InlineData("--lora /a.gguf", "argument.lora_scaled", null)]
    public void Each_or_the_last_is_the_fact(string arguments, string fact, string? value)
    {
        var sheet = new FactSheet(isNeeded: true);
        new LlamaCppFacts().DescribeLaunch(
            new FactInputs(new ServeOptions(), Machines.With())
            {
                Launch = new EngineLaunch("llama-server", arguments.Split(" "), new Dictionary<string, string>()),
            },
            sheet
        );
        Assert.Equal(value, sheet.Facts.GetValueOrDefault(fact)?.Value);
    }

    [Theory]
    [InlineData("--lora /a.gguf --lora-scaled /b.gguf:0.7", "/a.gguf /b.gguf")]
    [InlineData("--lora-scaled /b.gguf:0.7 --lora /a.gguf,/c.gguf", "/b.gguf /a.gguf /c.gguf")]
    [InlineData("--lora /x=y/a.gguf", "/x=y/a.gguf")]
    public void Adapters_are_parts_in_the_order_in_which_they_are_added(string arguments, string files) =>
        Assert.Equal(
            files.Split(' '),
            new LlamaCppFacts()
                .ModelParts(
                    new ServeOptions { BackendArguments = arguments.Split(' ') },
                    new Dictionary<string, string>(StringComparer.Ordinal)
                )
                .Where(part => part.Name.StartsWith("adapter.", StringComparison.Ordinal))
                .Select(part => part.Reference)
        );

    [Fact]
    public void A_template_of_its_own_is_no_file_whatever_lies_there()
    {
        string file = Path.Combine(Environment.CurrentDirectory, "llama2-sys-strip");
        File.WriteAllText(file, "");
        try
        {
            Assert.DoesNotContain(
                new LlamaCppDeterminism().CheckLaunch(
                    new ServeOptions
                    {
                        Backend = "llamacpp",
                        ModelPath = "m.gguf",
                        BackendArguments = ["--chat-template", "llama2-sys-strip"],
                    },
                    Machines.With()
                ),
                finding => finding.Code == "template_file"
            );
        }
        finally
        {
            File.Delete(file);
        }
    }
}
