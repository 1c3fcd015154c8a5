using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Reads the files of an exchange as a kind of client, wherever an answer or a request stands.</summary>
internal static class ShownFiles
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
    ];

    /// <summary>What the client shows.</summary>
    /// <param name="files">The files.</param>
    /// <param name="reader">The kind of client.</param>
    /// <param name="streamsHavePlaces">Whether a client of one choice and one tool call could read the streams.</param>
    public static Reading Read(GivenFiles files, ClientReader reader, bool streamsHavePlaces)
    {
        var reading = new Reading();
        ReadFile(Text(files.File), "file");
        if (files.Response is { } response)
            ReadFile(Text(response), "response");
        if (files.Request is { } request)
            ReadRequest(reading, reader, LooseParser.TryParse(Text(request).TrimStart('\ufeff')), "request");
        return reading;

        void ReadFile(string text, string prefix)
        {
            if (LooseParser.TryParse(text.TrimStart('\ufeff')) is { IsObject: true } json)
                ReadObject(json, prefix);
            else
                ReadStream(text, prefix);
        }

        void ReadObject(LooseJson json, string prefix)
        {
            if (reader.Get(json, "choices") is not null || reader.Get(json, "error") is not null)
                ReadJson(json, prefix);
            ReadReceipt(reading, reader, reader.Get(json, "determinism"), $"{prefix} determinism");
            ReadReceipt(reading, reader, reader.Get(json, "receipt"), $"{prefix} receipt");
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
                ReadRequest(reading, reader, LooseParser.TryParse(Body(asked)), $"{prefix} request");
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
                foreach (StreamCut cut in StreamCutter.Cuts)
                    ReadEvents(text, cut, stopsAtFinish: false, $"{prefix} {cut}");
                ReadEvents(text, StreamCut.Conforming, stopsAtFinish: true, $"{prefix} up to the finish");
            }
            string[] receipts =
            [
                .. text.Split('\n').Where(line => line.StartsWith(ReceiptPrefix, StringComparison.Ordinal)),
            ];
            if (receipts.Length > 0)
            {
                string taken = (reader.TakesFirst ? receipts[0] : receipts[^1])[ReceiptPrefix.Length..];
                ReadReceipt(reading, reader, LooseParser.TryParse(taken), $"{prefix} comment");
            }
        }

        void ReadEvents(string text, StreamCut cut, bool stopsAtFinish, string prefix)
        {
            var shown = new ShownAnswer(reader, isStream: true, stopsAtFinish);
            foreach (CutEvent part in StreamCutter.Cut(text, cut))
            {
                if (LooseParser.TryParse(part.Data) is { } json)
                    shown.Add(json);
                else
                    shown.AddUnreadable(part.Data);
            }
            shown.Show(reading, prefix);
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
        reading.Show($"{prefix} statement", reader.Shown(receipt, "statement"));
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
