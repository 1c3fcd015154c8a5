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
            using var bytes = new MemoryStream();
            // A pipe has no length.
            var buffer = new byte[1 << 16];
            for (int read; (read = file.Read(buffer)) > 0; )
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > ReceiptBundle.MaxBytes)
                    throw new InputException($"{path}: is larger than {ReceiptBundle.MaxBytes >> 20} MiB.");
            }
            return bytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            bool isMissing = e is FileNotFoundException or DirectoryNotFoundException;
            string hint = path.StartsWith('-') ? " --help lists the options." : "";
            throw new InputException(
                $"{path}: can't be read: {(isMissing ? "there is no such file" : e.Message.TrimEnd('.'))}.{hint}"
            );
        }
    }
}
