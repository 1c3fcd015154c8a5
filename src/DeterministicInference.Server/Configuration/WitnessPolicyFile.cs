using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Configuration;

/// <summary>A file in the format of C2SP tlog-policy.</summary>
internal static class WitnessPolicyFile
{
    private const int MaxBytes = 16 << 20;

    /// <summary>Reads a policy.</summary>
    /// <exception cref="IOException">
    /// The file can't be read, or is no policy. The message continues "'file' …", and ends with a period.
    /// </exception>
    public static WitnessPolicy Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > MaxBytes)
                throw new IOException($"is larger than {MaxBytes >> 20} MiB.");
            return WitnessPolicy.Parse(File.ReadAllBytes(path));
        }
        catch (LogFormatException e)
        {
            throw new IOException($"is no policy (C2SP tlog-policy): {e.Message}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException("can't be read: there is no such file.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new IOException("can't be read: this user may not, or it is a folder.");
        }
    }

    /// <summary>The submission prefix of a witness; null if the policy names none that can be used.</summary>
    public static Uri? UrlOf(PolicyWitness witness) =>
        Uri.TryCreate(witness.Url, UriKind.Absolute, out Uri? url) && url.Scheme is ("http" or "https") ? url : null;

    /// <summary>Why a log can't be witnessed by this policy; null if it can.</summary>
    public static string? FindProblem(WitnessPolicy policy)
    {
        if (policy.Witnesses.FirstOrDefault(witness => witness.Url is not null && UrlOf(witness) is null) is { } wrong)
        {
            return $"gives the witness '{wrong.Name}' the address '{wrong.Url}'. Give one such as "
                + "https://witness.example/.";
        }
        int asked = policy.Witnesses.Count(witness => witness.Url is not null);
        if (asked >= SignedNote.MaxSignatures)
            return $"names {asked} witnesses with an address, and a checkpoint has room for the cosignatures of "
                + $"{SignedNote.MaxSignatures - 1}. Leave some out.";
        return policy.IsQuorum(policy.Witnesses.Where(witness => witness.Url is not null))
            ? null
            : "has a quorum that needs witnesses without an address, so no checkpoint could have it. Add the address "
                + "(submission prefix) to the witness lines.";
    }
}
