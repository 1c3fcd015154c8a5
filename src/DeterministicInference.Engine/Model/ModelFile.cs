namespace DeterministicInference.Engine.Model;

/// <summary>Reads the small files of a model folder.</summary>
internal static class ModelFile
{
    /// <exception cref="ModelLoadException">
    /// The file can't be opened; one that is absent is for the caller to explain.
    /// </exception>
    public static byte[] ReadAllBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e)
            when (e
                    is UnauthorizedAccessException
                        or (IOException and not (FileNotFoundException or DirectoryNotFoundException))
            )
        {
            throw new ModelLoadException(
                $"{path}: can't be opened ({e.Message}) Download the model again, or check the permissions.",
                e
            );
        }
    }
}
