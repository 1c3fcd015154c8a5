using System.Globalization;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// A place in a tree, such as <c>choices[0].message.content</c>. What stands before a colon says in which tree:
/// <c>req:</c> <c>env:</c> <c>rec:</c> <c>bundle:</c>, or <c>e2:</c> for the data of event 2; without one it is the
/// JSON answer. A percent sign is a point in a name.
/// </summary>
internal static class LoosePath
{
    /// <summary>The value at a path.</summary>
    public static LooseJson Find(LooseJson root, string path)
    {
        LooseJson found = root;
        foreach (string step in Steps(path))
            found = Step(found, step);
        return found;
    }

    /// <summary>The object or array that holds the value, and its place in it.</summary>
    public static (LooseJson Holder, int Place) Hold(LooseJson root, string path)
    {
        string[] steps = Steps(path);
        LooseJson holder = root;
        foreach (string step in steps[..^1])
            holder = Step(holder, step);
        return (holder, PlaceOf(holder, steps[^1]));
    }

    /// <summary>Does something at a path of an exchange.</summary>
    public static void At(Exchange exchange, string path, Action<LooseJson, string> change)
    {
        int colon = path.IndexOf(':', StringComparison.Ordinal);
        string tree = colon < 0 ? "" : path[..colon],
            rest = path[(colon + 1)..];
        switch (tree)
        {
            case "":
                change(exchange.Answer!, rest);
                break;
            case "req":
                change(exchange.Request, rest);
                break;
            case "env":
                change(exchange.Environment, rest);
                break;
            case "rec":
                change(exchange.Receipt, rest);
                break;
            case "bundle":
                exchange.OnBundle(bundle => change(bundle, rest));
                break;
            default:
                change(exchange.Events![int.Parse(tree[1..], CultureInfo.InvariantCulture)], rest);
                break;
        }
    }

    private static LooseJson Step(LooseJson holder, string step) =>
        holder.IsArray ? holder.Items[PlaceOf(holder, step)] : holder.Members[PlaceOf(holder, step)].Value;

    private static int PlaceOf(LooseJson holder, string step)
    {
        int place = holder.IsArray ? int.Parse(step, CultureInfo.InvariantCulture) : holder.PlaceOf(step);
        return place >= 0 ? place : throw new ArgumentException($"There is no '{step}'.", nameof(step));
    }

    private static string[] Steps(string path) =>
        [.. path.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries).Select(step => step.Replace('%', '.'))];
}
