using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>A model as <c>GET /v1/models</c> lists it.</summary>
/// <param name="Id">The name that requests give.</param>
internal sealed record ServedModel(string Id)
{
    /// <summary>Longest sequence in tokens; null if unknown.</summary>
    public int? MaxLength { get; init; }

    /// <summary>What the engine loaded for it, such as a path; null if unknown.</summary>
    public string? Root { get; init; }

    /// <summary>Of an adapter, the model that it adapts; null for a model of its own.</summary>
    public string? Parent { get; init; }

    /// <summary>Further names by which the engine knows the model, without listing them.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
}

/// <summary>The models of an engine: those that it lists, or the one that it is launched with.</summary>
internal sealed class ServedModels
{
    /// <summary>Most models that are read from an engine's list.</summary>
    private const int Most = 1000;

    /// <summary>Nothing is known: an attached engine that was not asked yet, or lists no models.</summary>
    public static ServedModels Unknown { get; } = new([], null);

    private readonly Dictionary<string, ServedModel> _byName = new(StringComparer.Ordinal);

    private ServedModels(IReadOnlyList<ServedModel> all, string? given)
    {
        All = all;
        foreach (ServedModel model in all)
            _byName.TryAdd(model.Id, model);
        foreach (ServedModel model in all)
        {
            foreach (string alias in model.Aliases)
                _byName.TryAdd(alias, model);
        }
        // The first one may be an adapter only where there is no other.
        Main =
            (given is null ? null : _byName.GetValueOrDefault(given))
            ?? all.FirstOrDefault(model => model.Parent is null)
            ?? (all.Count > 0 ? all[0] : null);
    }

    /// <summary>All models, in the engine's order.</summary>
    public IReadOnlyList<ServedModel> All { get; }

    /// <summary>
    /// The model that answers a request for none of them: the one of the settings' name, else the first that is no
    /// adapter. Null if nothing is known.
    /// </summary>
    public ServedModel? Main { get; }

    /// <summary>One model.</summary>
    public static ServedModels Of(ServedModel model) => new([model], null);

    /// <summary>One model of which only the name is known; nothing for null.</summary>
    public static ServedModels Named(string? name) => name is null ? Unknown : Of(new ServedModel(name));

    /// <summary>Reads an engine's answer to <c>GET /v1/models</c>.</summary>
    /// <param name="list">The answer.</param>
    /// <param name="given">The name in the settings or the launch: the main model's, if it is listed.</param>
    /// <returns>The models; null if the answer lists none.</returns>
    public static ServedModels? Read(JsonElement list, string? given)
    {
        if (
            list.ValueKind != JsonValueKind.Object
            || !list.TryGetProperty("data"u8, out JsonElement data)
            || data.ValueKind != JsonValueKind.Array
        )
            return null;
        ServedModel[] models = [.. data.EnumerateArray().Take(Most).Select(Read).OfType<ServedModel>()];
        return models.Length == 0 ? null : new ServedModels(models, given);
    }

    /// <summary>The model of a name; null if the engine does not list it.</summary>
    public ServedModel? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// The name by which the engine is asked: the client's if the engine lists it, else the main model's; null leaves
    /// the client's as it is, or absent.
    /// </summary>
    /// <param name="asked">The client's name; null if it gives none.</param>
    /// <param name="adapterMark">
    /// What stands between the names of a model and of an adapter, if the engine reads both in one; null otherwise.
    /// </param>
    public string? NameFor(string? asked, char? adapterMark = null) =>
        asked is not null && Find(asked, adapterMark) is not null ? asked : Main?.Id;

    /// <summary>The model of a name, or the adapter that it names beside a model.</summary>
    /// <inheritdoc cref="NameFor"/>
    public ServedModel? Find(string asked, char? adapterMark)
    {
        if (Find(asked) is { } model)
            return model;
        int at = adapterMark is { } mark ? asked.IndexOf(mark, StringComparison.Ordinal) : -1;
        return at > 0 && Find(asked[(at + 1)..]) is { Parent: not null } adapter ? adapter : null;
    }

    /// <summary>Whether a model is the main one, under whatever name: no adapter of it, and no other model.</summary>
    public bool IsMain(ServedModel model) =>
        model == Main || (model is { Parent: null, Root: { } root } && root == Main?.Root);

    /// <summary>The names for an error message, quoted.</summary>
    public string Describe() => string.Join(", ", All.Select(model => $"'{model.Id}'"));

    /// <summary>One entry; null if its name can't be given in a request.</summary>
    private static ServedModel? Read(JsonElement entry)
    {
        if (
            entry.ValueKind != JsonValueKind.Object
            || Text(entry, "id"u8) is not { Length: > 0 } id
            || !CanBePinned(id)
        )
            return null;
        return new ServedModel(id)
        {
            // vLLM and SGLang; llama-server has the context of a slot beside the facts of the file.
            MaxLength =
                Number(entry, "max_model_len"u8)
                ?? (entry.TryGetProperty("meta"u8, out JsonElement meta) ? Number(meta, "n_ctx"u8) : null),
            Root = Text(entry, "root"u8),
            Parent = Text(entry, "parent"u8) is { Length: > 0 } parent ? parent : null,
            Aliases = entry.TryGetProperty("aliases"u8, out JsonElement aliases) ? Texts(aliases) : [],
        };
    }

    private static bool CanBePinned(string name) => JsonText.QuoteBytes(name).Length <= RequestPins.MaxBytes;

    private static string? Text(JsonElement entry, ReadOnlySpan<byte> name) =>
        entry.TryGetProperty(name, out JsonElement value) ? Text(value) : null;

    private static string[] Texts(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Take(Most).Select(Text).OfType<string>()]
            : [];

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    private static int? Number(JsonElement entry, ReadOnlySpan<byte> name) =>
        entry.ValueKind == JsonValueKind.Object
        && entry.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out int number)
        && number > 0
            ? number
            : null;
}
