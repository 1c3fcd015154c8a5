using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>A part of a recorded stream.</summary>
/// <param name="Data">The JSON of an event; null for raw text.</param>
/// <param name="Text">The raw text with its line ends; null for an event.</param>
internal sealed record StreamPart(LooseJson? Data, string? Text)
{
    public static StreamPart Event(LooseJson data) => new(data, null);

    public static StreamPart Raw(string text) => new(null, text);

    public StreamPart Copy() => Data is null ? this : Event(Data.Copy());
}

/// <summary>A stream as its parts, in order: events, comments, the mark of the end.</summary>
internal sealed class EventList(IEnumerable<StreamPart> parts)
{
    public const string End = "data: [DONE]\n\n";

    public List<StreamPart> Parts { get; } = [.. parts];

    /// <summary>The places of the events among the parts.</summary>
    public List<int> Places => [.. Parts.Index().Where(part => part.Item.Data is not null).Select(part => part.Index)];

    /// <summary>An event by its number.</summary>
    public LooseJson this[int number] => Parts[Places[number]].Data!;

    public EventList Copy() => new(Parts.Select(part => part.Copy()));

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (StreamPart part in Parts)
        {
            if (part.Data is null)
            {
                text.Append(part.Text);
                continue;
            }
            text.Append("data: ");
            part.Data.Write(text);
            text.Append("\n\n");
        }
        return text.ToString();
    }
}
