using System.Net;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Assessment;

/// <summary>
/// Notices that a running engine serves other weights or models than those that were assessed: by its files, and by
/// what it says of itself. What an engine neither says nor reads from a file is not noticed. Not thread-safe.
/// </summary>
/// <param name="facts">The routes to ask.</param>
/// <param name="files">The files to look at.</param>
/// <param name="isNeeded">Whether weights matter; without receipts only the list of models is asked.</param>
/// <param name="calls">Sends the requests.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The engine's logger.</param>
internal sealed partial class WeightsWatch(
    IEngineFacts facts,
    FileWatch files,
    bool isNeeded,
    EngineCalls calls,
    TimeProvider time,
    ILogger logger
) : IDisposable
{
    /// <summary>Time limit of one look; an engine that needs longer is asked again at the next probe.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What the engine said last, by member.</summary>
    private readonly Dictionary<string, string> _said = new(StringComparer.Ordinal);
    private readonly FileWatch _files = files;
    private string? _models;
    private bool _isLoading;

    /// <summary>How it is known that other weights are served than at the start; null while it is not.</summary>
    public string? Change { get; private set; }

    /// <summary>Remembers the files that an engine is about to load.</summary>
    public void Begin()
    {
        if (isNeeded)
            _files.Begin();
        _said.Clear();
        (_models, Change, _isLoading) = (null, null, true);
    }

    /// <summary>Remembers what an engine has loaded, once it is ready for the first time.</summary>
    /// <param name="stop">Cancels the requests.</param>
    public async Task SettleAsync(CancellationToken stop)
    {
        if (!_isLoading)
            return;
        _isLoading = false;
        FileChanges files = await _files.LookAsync();
        if ((files.Changed ?? (files.Replaced is [var first, ..] ? first : null)) is { } file)
            SetChange($"'{file}' was changed while the engine loaded it. Restart the engine.");
        if (isNeeded)
            _files.AddNew();
        await AskAsync(stop);
    }

    /// <summary>Compares the files with what they were.</summary>
    /// <returns>
    /// Whether the engine is to be assessed anew; and whether that is not known yet, because a file must be read again.
    /// </returns>
    public async Task<(bool IsOther, bool IsDoubtful)> LookAtFilesAsync()
    {
        FileChanges files = await _files.LookAsync();
        foreach (string file in files.Replaced)
            IsReplaced(file);
        if (files.Changed is not { } changed)
            return (false, files.IsReading);
        SetChange($"The engine has '{changed}' loaded, which was written to meanwhile. Restart the engine.");
        return (true, false);
    }

    /// <summary>Compares what the engine says with what it said.</summary>
    /// <returns>Whether the engine is to be assessed anew.</returns>
    public async Task<bool> AskAsync(CancellationToken stop)
    {
        using var limit = new TimeLimit(Patience, time, stop);
        bool isOther = false;
        foreach (WatchedAnswer watched in isNeeded ? facts.Watched : [])
        {
            foreach (string path in watched.Paths)
            {
                if (await GetAsync(path, limit.Token, stop) is not { } answer)
                    continue;
                foreach ((string name, string value) in Members(path, answer, watched.Members))
                    isOther |= IsOther(name, value);
                break;
            }
        }
        if (
            await GetAsync(EngineAssessor.ModelList, limit.Token, stop) is { } list
            && ServedModels.Read(list, given: null) is { } models
        )
        {
            string now = string.Join('\n', models.All.Select(model => $"{model.Id}\t{model.Root}\t{model.Parent}"));
            isOther |= _models is not null && now != _models;
            if (_models is not null && now != _models)
                ListsOthers(models.Describe());
            _models = now;
        }
        return isOther;
    }

    public void Dispose() => _files.Dispose();

    private bool IsOther(string name, string value)
    {
        string? before = _said.GetValueOrDefault(name);
        _said[name] = value;
        if (before is null || before == value)
            return false;
        SetChange(
            $"The engine serves other weights than at its start: {name} was {before} and is {value}. Restart it."
        );
        return true;
    }

    private void SetChange(string text)
    {
        Change = text;
        HaveChanged(text);
    }

    /// <returns>Null if the path is not answered.</returns>
    private async Task<JsonElement?> GetAsync(string path, CancellationToken limit, CancellationToken stop)
    {
        try
        {
            (HttpStatusCode status, byte[] body) = await calls.GetAsync(path, limit);
            return status == HttpStatusCode.OK ? JsonElement.Parse(body) : null;
        }
        catch (Exception e)
            when (e is HttpRequestException or JsonException
                || (e is OperationCanceledException && !stop.IsCancellationRequested)
            )
        {
            // The probe says whether the engine answers at all.
            return null;
        }
    }

    private static IEnumerable<(string Name, string Value)> Members(
        string path,
        JsonElement answer,
        IReadOnlyList<string> members
    )
    {
        if (members.Count == 0)
            yield return (path, Text(answer));
        if (answer.ValueKind != JsonValueKind.Object)
            yield break;
        foreach (string member in members)
        {
            if (answer.TryGetProperty(member, out JsonElement value))
                yield return (member, Text(value));
        }
    }

    private static string Text(JsonElement value) => JsonBytes.WriteText(json => value.WriteTo(json));

    [LoggerMessage(LogLevel.Warning, "{Text} Receipts are best-effort from now on")]
    private partial void HaveChanged(string text);

    [LoggerMessage(LogLevel.Warning, "The engine lists other models than before: {Models}")]
    private partial void ListsOthers(string models);

    [LoggerMessage(
        LogLevel.Warning,
        "'{File}' was replaced. The engine goes on with the file that it has loaded; its next start takes the new one"
    )]
    private partial void IsReplaced(string file);
}
