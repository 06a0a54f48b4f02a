using System.Security.Cryptography;
using System.Text;

/// <summary>
/// Processes an event: this example stores it as a file named by its id. With a database, insert the id into a table with a
/// unique key, in the transaction that stores your result.
/// </summary>
public static class EventStore
{
    /// <returns>False when the event was stored before.</returns>
    public static async Task<bool> StoreOnceAsync(string folder, string id, BinaryData body)
    {
        Directory.CreateDirectory(folder);
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        string target = Path.Combine(folder, $"{name}.json");
        string written = Path.Combine(folder, $"{Guid.NewGuid()}.tmp");
        await File.WriteAllBytesAsync(written, body.ToArray());
        try
        {
            // Fails when the file exists, and a crash leaves no half a file.
            File.Move(written, target, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(target))
        {
            return false;
        }
        finally
        {
            File.Delete(written);
        }
    }
}
