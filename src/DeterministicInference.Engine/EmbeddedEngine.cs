using DeterministicInference.Engine.ChatTemplates;
using DeterministicInference.Engine.Model;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Engine;

/// <summary>A loaded model, ready to generate: the same weights give the same bits on every CPU.</summary>
internal sealed class EmbeddedEngine : IDisposable
{
    /// <summary>
    /// Version of everything that decides an output besides the weights: tokenization, template, arithmetic, sampling,
    /// stop handling. Raised with any change that alters an output; the golden outputs in the tests are pinned to it.
    /// </summary>
    public const int NumericsVersion = 2;

    private readonly LlamaWeights _weights;

    private EmbeddedEngine(
        string name,
        ModelConfig config,
        LlamaWeights weights,
        BpeTokenizer tokenizer,
        IChatTemplate? template,
        SchedulerLimits limits
    )
    {
        ModelName = name;
        Config = config;
        _weights = weights;
        Tokenizer = tokenizer;
        Template = template;
        Scheduler = new GenerationScheduler(config, weights, tokenizer, limits);
    }

    /// <summary>The name of the model's folder.</summary>
    public string ModelName { get; }

    public ModelConfig Config { get; }

    public BpeTokenizer Tokenizer { get; }

    /// <summary>Null where the model has no template, or one that is not supported yet.</summary>
    public IChatTemplate? Template { get; }

    public GenerationScheduler Scheduler { get; }

    /// <exception cref="ModelLoadException">The folder does not hold a model that this engine runs.</exception>
    public static EmbeddedEngine Load(string folder, SchedulerLimits limits)
    {
        (ModelConfig config, BpeTokenizer tokenizer) = ReadDescription(folder);
        IChatTemplate? template = KnownTemplate.Find(folder);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new EmbeddedEngine(name, config, LlamaWeights.Load(folder, config), tokenizer, template, limits);
    }

    /// <summary>Reads all that describes a model, and none of its weights.</summary>
    /// <returns>Why <see cref="Load"/> would fail; null if only reading the weights could still do so.</returns>
    public static string? FindProblem(string folder)
    {
        try
        {
            (ModelConfig config, _) = ReadDescription(folder);
            KnownTemplate.Find(folder);
            LlamaWeights.Check(folder, config);
            return null;
        }
        catch (ModelLoadException e)
        {
            return e.Message;
        }
    }

    private static (ModelConfig Config, BpeTokenizer Tokenizer) ReadDescription(string folder)
    {
        if (!Directory.Exists(folder))
        {
            string problem = File.Exists(folder) ? "is a file, not a folder" : "does not exist";
            if (folder.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(folder))
            {
                throw new ModelLoadException(
                    $"{folder}: the embedded engine reads no GGUF files. Use --backend llamacpp, or pass --model-path "
                        + "the folder of the model with *.safetensors."
                );
            }
            throw new ModelLoadException(
                $"{folder}: {problem}. Pass --model-path the folder of a Hugging Face model (config.json, "
                    + "*.safetensors, tokenizer.json)."
            );
        }
        ModelConfig config = ModelConfig.Read(folder);
        string tokenizerPath = Path.Combine(folder, "tokenizer.json");
        BpeTokenizer tokenizer = BpeTokenizer.Load(tokenizerPath);
        if (tokenizer.VocabularySize > config.VocabularySize)
        {
            throw new ModelLoadException(
                $"{tokenizerPath}: has token ids up to {tokenizer.VocabularySize - 1}, but config.json gives "
                    + $"vocab_size {config.VocabularySize}. The two files belong to different models."
            );
        }
        foreach (int id in config.EndTokens)
        {
            if (id < 0 || id >= config.VocabularySize)
                throw new ModelLoadException(
                    $"{Path.Combine(folder, "config.json")}: eos_token_id {id} is outside vocab_size "
                        + $"{config.VocabularySize}. Download the file again, or correct it."
                );
        }
        return (config, tokenizer);
    }

    /// <summary>Token ids of a text prompt, with what the tokenizer puts around it.</summary>
    public int[] EncodePrompt(string text)
    {
        var ids = new List<int>(Tokenizer.Prefix);
        Tokenizer.Encode(text, recognizeSpecials: true, ids);
        ids.AddRange(Tokenizer.Suffix);
        return [.. ids];
    }

    /// <summary>Token ids of a conversation.</summary>
    /// <exception cref="ChatTemplateException">
    /// The model has no usable template, or it refuses the conversation.
    /// </exception>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages)
    {
        if (Template is null)
            throw new ChatTemplateException(
                $"The model '{ModelName}' has no chat template that this engine supports. Use /v1/completions."
            );
        var ids = new List<int>();
        foreach (PromptPart part in Template.Render(messages))
            Tokenizer.Encode(part.Text, part.IsControl, ids, atStart: ids.Count == 0);
        return [.. ids];
    }

    public void Dispose()
    {
        Scheduler.Dispose();
        _weights.Dispose();
    }
}
