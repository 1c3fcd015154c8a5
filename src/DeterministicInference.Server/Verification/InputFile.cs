using DeterministicInference.Receipts.Bundles;

namespace DeterministicInference.Server.Verification;

/// <summary>Reads the files that the command line names.</summary>
internal static class InputFile
{
    /// <exception cref="InputException">The file can't be read, or is too large.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            if (file.Length > ReceiptBundle.MaxBytes)
                throw new InputException($"{path}: is larger than {ReceiptBundle.MaxBytes >> 20} MiB.");
            using var bytes = new MemoryStream();
            file.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            bool isMissing = e is FileNotFoundException or DirectoryNotFoundException;
            throw new InputException(
                $"{path}: can't be read: {(isMissing ? "there is no such file" : e.Message.TrimEnd('.'))}."
            );
        }
    }
}
