using System.CommandLine;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Cli;

/// <summary><c>random-model</c>: a model of any size and no sense, for tests and speed measurements.</summary>
internal static class RandomModelCommand
{
    private static readonly Option<string> Output = new("--output")
    {
        Description = "Folder for the model.",
        Required = true,
    };
    private static readonly Option<string> Preset = new("--preset")
    {
        Description = "Shape to start from.",
        DefaultValueFactory = _ => "15m",
    };
    private static readonly Option<int?> Hidden = new("--hidden") { Description = "Width of the residual stream." };
    private static readonly Option<int?> Layers = new("--layers") { Description = "Decoder layers." };
    private static readonly Option<int?> Heads = new("--heads") { Description = "Query heads." };
    private static readonly Option<int?> KeyValueHeads = new("--kv-heads")
    {
        Description = "Key/value heads; a divisor of the query heads.",
    };
    private static readonly Option<int?> HeadDim = new("--head-dim")
    {
        Description = "Width of a head. Default: hidden / heads, where one of them is given.",
    };
    private static readonly Option<int?> Intermediate = new("--intermediate")
    {
        Description = "Width of the feed-forward layer.",
    };
    private static readonly Option<int?> Vocabulary = new("--vocab") { Description = "Token ids." };
    private static readonly Option<int?> Context = new("--context") { Description = "Longest sequence, in tokens." };
    private static readonly Option<string> Type = new("--dtype")
    {
        Description = "f32, bf16 or f16.",
        DefaultValueFactory = _ => "bf16",
    };
    private static readonly Option<ulong> Seed = new("--seed")
    {
        Description = "Seed of the weights.",
        DefaultValueFactory = _ => 1UL,
    };

    public static Command Create()
    {
        Preset.AcceptOnlyFromAmong([.. RandomModel.Presets.Keys]);
        Type.AcceptOnlyFromAmong("f32", "bf16", "f16");
        var command = new Command("random-model", "Write a model folder with random weights.")
        {
            Output,
            Preset,
            Hidden,
            Layers,
            Heads,
            KeyValueHeads,
            HeadDim,
            Intermediate,
            Vocabulary,
            Context,
            Type,
            Seed,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        LlamaShape preset = RandomModel.Presets[parsed.GetValue(Preset)!];
        int hidden = parsed.GetValue(Hidden) ?? preset.Hidden,
            heads = parsed.GetValue(Heads) ?? preset.Heads;
        bool sameHeads = parsed.GetValue(Hidden) is null && parsed.GetValue(Heads) is null;
        var shape = preset with
        {
            Hidden = hidden,
            Layers = parsed.GetValue(Layers) ?? preset.Layers,
            Heads = heads,
            KeyValueHeads = parsed.GetValue(KeyValueHeads) ?? (sameHeads ? preset.KeyValueHeads : heads),
            HeadDim = parsed.GetValue(HeadDim) ?? (sameHeads ? preset.HeadDim : hidden / heads),
            Intermediate = parsed.GetValue(Intermediate) ?? preset.Intermediate,
            Vocabulary = parsed.GetValue(Vocabulary) ?? preset.Vocabulary,
            MaxPositions = parsed.GetValue(Context) ?? preset.MaxPositions,
        };
        if (Problem(shape) is { } problem)
        {
            Console.Error.WriteLine($"error: {problem}");
            return 2;
        }
        RandomModel.Write(
            parsed.GetValue(Output)!,
            shape,
            Enum.Parse<TensorType>(parsed.GetValue(Type)!, ignoreCase: true),
            parsed.GetValue(Seed)
        );
        Console.WriteLine($"{shape.ParameterCount:N0} parameters in {parsed.GetValue(Output)}");
        return 0;
    }

    private static string? Problem(LlamaShape shape) =>
        new[]
        {
            shape.Hidden,
            shape.Layers,
            shape.Heads,
            shape.KeyValueHeads,
            shape.HeadDim,
            shape.Intermediate,
            shape.MaxPositions,
        }.Min() < 1
            ? "every size must be at least 1."
        : shape.Heads % shape.KeyValueHeads != 0 ? "--kv-heads must divide --heads."
        : shape.HeadDim % 2 != 0 ? "--head-dim must be even; choose --hidden and --heads so."
        : shape.Vocabulary < RandomVocabulary.Smallest ? $"--vocab must be at least {RandomVocabulary.Smallest}."
        : null;
}
