using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>The files that an exchange is verified from.</summary>
internal enum ExchangeForm
{
    /// <summary>The answer carries its receipt; the request is another file.</summary>
    Carried,

    /// <summary>The receipt, the answer and the request are three files.</summary>
    Separate,

    /// <summary>All is in one bundle.</summary>
    Bundle,
}

/// <summary>
/// A request, its answer and the receipt of both, as trees that can be changed. What is done to the bundle or to the
/// finished text comes after all changes of the trees.
/// </summary>
internal sealed class Exchange
{
    private readonly List<Action<LooseJson>> _onBundle = [];
    private readonly List<Func<string, string>> _onText = [];

    public required string Name { get; init; }

    public required string Path { get; init; }

    public required LooseJson Request { get; init; }

    /// <summary>The JSON answer with its receipt; null for a stream.</summary>
    public LooseJson? Answer { get; init; }

    /// <summary>The stream with its receipt; null for a JSON answer.</summary>
    public EventList? Events { get; init; }

    public required LooseJson Receipt { get; init; }

    public required LooseJson Environment { get; init; }

    /// <summary>It has one choice with one tool call at most, so that clients may read its stream by place.</summary>
    public required bool HasPlaces { get; init; }

    public ExchangeForm Form { get; set; }

    /// <summary>A file of <c>--response</c> instead of the form's own; null for none.</summary>
    public string? OtherResponse { get; set; }

    /// <summary>A file of <c>--request</c> instead of the form's own; null for none.</summary>
    public string? OtherRequest { get; set; }

    public Exchange Copy() =>
        new()
        {
            Name = Name,
            Path = Path,
            Request = Request.Copy(),
            Answer = Answer?.Copy(),
            Events = Events?.Copy(),
            Receipt = Receipt.Copy(),
            Environment = Environment.Copy(),
            HasPlaces = HasPlaces,
            Form = Form,
        };

    public void OnBundle(Action<LooseJson> change) => _onBundle.Add(change);

    /// <summary>Changes the finished text of the answer, or of the bundle.</summary>
    public void OnText(Func<string, string> change) => _onText.Add(change);

    public string AnswerText() => Answer?.ToString() ?? Events!.ToString();

    public GivenFiles Files()
    {
        byte[]? request = Bytes(OtherRequest),
            response = Bytes(OtherResponse);
        switch (Form)
        {
            case ExchangeForm.Bundle:
                return new GivenFiles(Bytes(Changed(Bundle().ToString()))!, request, response);
            case ExchangeForm.Separate:
                LooseJson receipt = Receipt.Copy();
                receipt.Members.Add(new LooseMember("environment", Environment));
                return new GivenFiles(
                    Bytes(receipt.ToString())!,
                    request ?? Bytes(Request.ToString()),
                    response ?? Bytes(Changed(AnswerText()))
                );
            default:
                return new GivenFiles(Bytes(Changed(AnswerText()))!, request ?? Bytes(Request.ToString()), response);
        }
    }

    /// <summary>
    /// All of it as one bundle, whatever its form; null if a second answer or request stands beside it, for which a
    /// bundle has no place.
    /// </summary>
    public byte[]? InOneBundle()
    {
        if (Form == ExchangeForm.Bundle)
            return OtherRequest is null && OtherResponse is null ? Files().File : null;
        return OtherResponse is null
            ? Bytes(Bundle(OtherRequest ?? Request.ToString(), Changed(AnswerText())).ToString())
            : null;
    }

    private LooseJson Bundle() => Bundle(Request.ToString(), AnswerText());

    private LooseJson Bundle(string request, string answer)
    {
        LooseJson bundle = LooseJson.Object(
            new LooseMember("form", LooseJson.String(HonestSigner.BundleForm)),
            new LooseMember(
                "request",
                LooseJson.Object(
                    new LooseMember("path", LooseJson.String(Path)),
                    new LooseMember("body", Body(request))
                )
            ),
            new LooseMember(
                "response",
                LooseJson.Object(
                    new LooseMember("delivery", LooseJson.String(Events is null ? "json" : "sse")),
                    new LooseMember(
                        "content_type",
                        LooseJson.String(Events is null ? "application/json" : "text/event-stream")
                    ),
                    new LooseMember("body", Body(answer))
                )
            ),
            new LooseMember("receipt", Receipt),
            new LooseMember("environment", Environment),
            new LooseMember("vkey", LooseJson.String(HonestSigner.LogKey.ToString()))
        );
        foreach (Action<LooseJson> change in _onBundle)
            change(bundle);
        return bundle;
    }

    /// <summary>Half of a surrogate pair is U+FFFD, as in the bytes of a file.</summary>
    private static LooseJson Body(string text) => LooseJson.String(Encoding.UTF8.GetString(Bytes(text)!));

    private string Changed(string text) => _onText.Aggregate(text, (changed, change) => change(changed));

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
