using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// Reads the files of an exchange as kinds of clients, wherever an answer or a request stands. What every kind parses
/// is parsed once.
/// </summary>
/// <param name="files">The files.</param>
/// <param name="streamsHavePlaces">Whether a client of one choice and one tool call could read the streams.</param>
internal sealed class ShownFiles(GivenFiles files, bool streamsHavePlaces)
{
    private const string ReceiptPrefix = ": dis-receipt ";

    /// <summary>Members of a request that choose nothing of the answer (docs/determinism.md, rule 3).</summary>
    private static readonly HashSet<string> WithoutEffect =
    [
        "stream",
        "stream_options",
        "user",
        "safety_identifier",
        "metadata",
        "store",
        "service_tier",
        "rid",
        "priority",
        "custom_labels",
        "tee",
        "receipt",
    ];

    private readonly string _file = Text(files.File);
    private readonly string? _response = files.Response is { } bytes ? Text(bytes) : null;
    private readonly string? _request = files.Request is { } bytes ? Text(bytes).TrimStart('\ufeff') : null;
    private readonly Dictionary<string, LooseJson?> _parsed = [];
    private readonly Dictionary<(string, StreamCut), string[]> _cut = [];
    private readonly Reading?[] _readings = new Reading?[ClientReader.All.Count];

    /// <summary>What a kind of client shows.</summary>
    /// <param name="kind">Its place in <see cref="ClientReader.All"/>.</param>
    public Reading Read(int kind) => _readings[kind] ??= Read(ClientReader.All[kind]);

    private Reading Read(ClientReader reader)
    {
        var reading = new Reading();
        ReadFile(_file, "file");
        if (_response is not null)
            ReadFile(_response, "response");
        if (_request is not null)
            ReadRequest(reading, reader, Parse(_request), "request");
        return reading;

        void ReadFile(string text, string prefix)
        {
            if (Parse(text.TrimStart('\ufeff')) is { IsObject: true } json)
                ReadObject(json, prefix);
            else
                ReadStream(text, prefix);
        }

        void ReadObject(LooseJson json, string prefix)
        {
            bool isAnswer = reader.Get(json, "choices") is not null;
            if (isAnswer || reader.Get(json, "error") is not null)
                ReadJson(json, prefix);
            ReadReceipt(reading, reader, reader.Get(json, "determinism"), $"{prefix} determinism");
            ReadReceipt(reading, reader, reader.Get(json, "receipt"), $"{prefix} receipt");
            // An answer has its receipt in a member.
            if (!isAnswer)
                ReadReceipt(reading, reader, json, prefix);
            if (reader.Get(json, "response") is { } inner)
            {
                reading.Show($"{prefix} delivery", reader.Shown(inner, "delivery"));
                reading.Show($"{prefix} content type", reader.Shown(inner, "content_type"));
                ReadFile(Body(inner), $"{prefix} response");
            }
            if (reader.Get(json, "request") is { } asked)
            {
                reading.Show($"{prefix} path", reader.Shown(asked, "path"));
                ReadRequest(reading, reader, Parse(Body(asked)), $"{prefix} request");
            }
            if (reader.Get(json, "environment") is { IsObject: true } environment)
                ReadEnvironment(reading, reader, environment, prefix);
        }

        void ReadJson(LooseJson json, string prefix)
        {
            var shown = new ShownAnswer(reader, isStream: false, stopsAtFinish: false);
            shown.Add(json);
            shown.Show(reading, prefix);
        }

        void ReadStream(string text, string prefix)
        {
            if (!reader.ByPlace || streamsHavePlaces)
            {
                Reading conforming = ReadEvents(text, StreamCut.Conforming, stopsAtFinish: false, out bool goesOn);
                string[] events = Cut(text, StreamCut.Conforming);
                reading.Take(conforming, $"{prefix} ");
                foreach (StreamCut cut in StreamCutter.Cuts)
                {
                    if (!Cut(text, cut).SequenceEqual(events))
                        reading.TakeOthers(
                            ReadEvents(text, cut, stopsAtFinish: false, out _),
                            conforming,
                            $"{prefix}, cut as {cut}, "
                        );
                }
                if (goesOn)
                    reading.TakeOthers(
                        ReadEvents(text, StreamCut.Conforming, stopsAtFinish: true, out _),
                        conforming,
                        $"{prefix}, up to the finish, "
                    );
            }
            string[] receipts =
            [
                .. text.Split('\n').Where(line => line.StartsWith(ReceiptPrefix, StringComparison.Ordinal)),
            ];
            if (receipts.Length > 0)
            {
                string taken = (reader.TakesFirst ? receipts[0] : receipts[^1])[ReceiptPrefix.Length..];
                ReadReceipt(reading, reader, Parse(taken), $"{prefix} comment");
            }
        }

        Reading ReadEvents(string text, StreamCut cut, bool stopsAtFinish, out bool goesOn)
        {
            var shown = new ShownAnswer(reader, isStream: true, stopsAtFinish);
            foreach (string data in Cut(text, cut))
            {
                if (Parse(data) is { } json)
                    shown.Add(json);
                else
                    shown.AddUnreadable(data);
            }
            goesOn = shown.GoesOn;
            var one = new Reading();
            shown.Show(one, "stream");
            return one;
        }

        string Body(LooseJson holder)
        {
            if (reader.Get(holder, "body") is { } body)
                return reader.Shown(body) ?? "";
            if (reader.Shown(holder, "body_base64") is not { } base64)
                return "";
            var bytes = new byte[base64.Length];
            return Convert.TryFromBase64String(base64, bytes, out int length) ? Text(bytes[..length]) : base64;
        }
    }

    private LooseJson? Parse(string text)
    {
        if (!_parsed.TryGetValue(text, out LooseJson? json))
            _parsed[text] = json = LooseParser.TryParse(text);
        return json;
    }

    private string[] Cut(string text, StreamCut how)
    {
        if (!_cut.TryGetValue((text, how), out string[]? events))
            _cut[(text, how)] = events = [.. StreamCutter.Cut(text, how)];
        return events;
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static void ReadRequest(Reading reading, ClientReader reader, LooseJson? request, string prefix)
    {
        if (request is not { IsObject: true })
        {
            reading.Show(prefix, "[can't be read]");
            return;
        }
        foreach (string name in request.Members.Select(member => member.Name).Distinct())
        {
            if (!WithoutEffect.Contains(name) && reader.Get(request, name) is { } value)
                reading.Show($"{prefix} {name}", reader.Whole(value));
        }
    }

    private static void ReadReceipt(Reading reading, ClientReader reader, LooseJson? receipt, string prefix)
    {
        reading.ShowStatement(reader.Shown(receipt, "statement"));
        // Where receipts of the first version have what they state.
        if (reader.Get(receipt, "receipt") is { } older && reader.Get(receipt, "statement") is not null)
            reading.Show($"{prefix} older statement", reader.Whole(older));
        if (reader.Get(receipt, "environment") is { IsObject: true } environment)
            ReadEnvironment(reading, reader, environment, prefix);
    }

    private static void ReadEnvironment(Reading reading, ClientReader reader, LooseJson environment, string prefix)
    {
        // That reasons are none is shown too.
        string reasons = string.Join(
            ", ",
            reader.List(environment, "reasons").Select(reader.Shown).Order(StringComparer.Ordinal)
        );
        reading.Show($"{prefix}{Reading.EnvironmentMark}class", reader.Shown(environment, "class"));
        reading.Show($"{prefix}{Reading.EnvironmentMark}reasons", $"[{reasons}]");
        if (reader.Get(environment, "facts") is not { } facts)
            return;
        foreach (string key in facts.Members.Select(member => member.Name).Distinct())
        {
            LooseJson? fact = reader.Get(facts, key);
            reading.Show(
                $"{prefix}{Reading.EnvironmentMark}fact {key}",
                $"{reader.Shown(fact, "value")} ({reader.Shown(fact, "source")})"
            );
        }
    }
}
