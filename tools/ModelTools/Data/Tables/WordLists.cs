namespace DeterministicInference.ModelTools.Data.Tables;

/// <summary>Plain English words that the echo, spelling and story questions are made of.</summary>
internal static class WordLists
{
    /// <summary>Animals, people and things that a story can be about.</summary>
    public static readonly string[] Subjects = Split(
        """
        cat dog bird fish horse cow pig sheep goat duck hen rabbit mouse bear fox wolf lion tiger elephant monkey zebra
        giraffe camel frog snake turtle whale shark dolphin bee ant spider butterfly owl eagle parrot penguin swan goose
        squirrel hedgehog badger beaver deer donkey pony puppy kitten lamb chick snail worm crab octopus bat rat mole
        panda koala kangaroo crocodile dinosaur dragon unicorn fairy wizard witch giant elf dwarf ghost mermaid knight
        king queen prince princess pirate sailor captain farmer baker teacher doctor nurse cook painter singer dancer
        gardener soldier hunter builder driver pilot astronaut robot computer car train boat ship plane bus bicycle rocket
        tractor truck balloon kite ball doll clock lamp chair table cup spoon book pencil hat shoe coat button key door
        window house castle tower bridge tree flower rose leaf seed apple pear banana orange carrot potato pumpkin cake
        cookie star moon sun cloud river lake island mountain stone boy girl man woman child baby friend grandmother
        server machine monster alien clown detective thief spy vampire zombie ninja cowboy
        superhero scientist musician poet student explorer shepherd miller tailor
        """
    );

    public static readonly string[] Adjectives = Split(
        """
        small big little old young happy sad brave clever kind quick slow tiny red blue green yellow black white brown
        golden silver quiet loud hungry sleepy lonely funny friendly curious lazy strong warm cold soft bright dark new
        round fast wild gentle proud shy wise magic purple pink huge lost
        """
    );

    /// <summary>Further words to repeat and to spell.</summary>
    public static readonly string[] Others = Split(
        """
        time year day night week month hour morning evening winter summer spring autumn weather rain snow wind storm ice
        fire water earth air sky sea sand grass wood forest garden field road street city town village country world home
        school shop market kitchen room wall floor roof bed desk paper pen letter word line page story song music dance
        game toy picture colour color light shadow voice sound noise bell drum bread butter cheese milk egg salt sugar honey
        soup rice meat fruit lemon cherry grape nut tea coffee juice breakfast lunch dinner hand foot head hair face eye
        ear nose mouth tooth arm leg finger heart name number family mother father sister brother uncle aunt son
        daughter people money gold glass metal plastic cotton wool silk shirt dress sock glove scarf pocket box bag basket
        bottle plate knife fork pan pot oven stove fridge soap towel brush mirror blanket pillow candle rope hammer nail
        saw paint wheel engine motor wire screen keyboard printer phone camera radio map ticket stamp coin flag gift party
        holiday birthday summerhouse question answer idea dream plan rule secret surprise problem lesson test work job
        walk run jump swim fly sing read write draw play laugh smile cry sleep wake eat drink cook wash clean open close
        push pull give take send bring find lose keep hold throw catch build break make help learn teach think know
        remember forget begin end start stop wait watch listen hear see look feel touch smell taste love like want need
        good bad nice great fine easy hard simple early late near far high low long short wide narrow heavy empty full
        dry wet clean dirty rich poor safe ready busy free true false same different right left first last next every
        always never often again today tomorrow yesterday here there where when why how who what which above below under
        over between behind before after inside outside together alone very really quite almost only also because if
        and but or not yes no maybe hello goodbye thanks please sorry welcome strawberry blueberry raspberry pineapple
        umbrella telephone elephant crocodile alphabet adventure beautiful chocolate dangerous education excellent
        favorite furniture hamburger hospital important interest internet language library magazine medicine mountain
        national newspaper notebook orchestra passenger photograph pleasant president professor programme restaurant
        sandwich september somebody something sometimes spaghetti telescope temperature tomorrow tradition vegetable
        volcano wonderful xylophone yesterday zucchini jungle desert ocean planet galaxy banjo guitar piano violin
        trumpet flute puzzle riddle wizardry jacket zipper yogurt quilt quiz queue jelly juggle kiwi vivid waltz
        mississippi banana committee balloon coffee address success letter bubble pepper puddle
        """
    );

    /// <summary>Words about this server and about computers; they occur in its questions and answers.</summary>
    public static readonly string[] Computing = Split(
        """
        server model engine backend port seed token prompt request answer output input stream receipt signature digest
        log level file folder path flag setting default value config command option variable environment client proxy
        health check status ready metrics error exit code run launch restart crash stop signal drain timeout verify probe
        doctor replay proof audit embedded external sampling temperature random deterministic determinism inference
        reproducible identical bits weights parameters context memory processor graphics hardware software program
        library package version license licence source project contributor console terminal shell network address host
        local remote url endpoint chat completion message role system user assistant key secret data format json text
        byte number vector matrix layer attention training corpus vocabulary tokenizer merge batch thread core
        docker container cloud database table index query cache queue
        """
    );

    public static readonly string[] Names = Split(
        """
        Anna Ben Carla David Emma Felix Grace Hugo Ida Jack Julia Karl Laura Mia Noah Olga Paul Rosa Sam Tom Uma Victor
        Wendy Xenia Yara Zoe Alice Bob Charlie Diana Eric Fiona George Helen Ivan Jane Kate Leo Maria Nina Oscar Peter
        Ruth Sarah Tina Walter Alex Lucas Maya Omar Priya Chen Wei Yuki Aisha Mehmet Ingrid Lars Sofia Mateo Elena Hana
        Ravi Fatima John Mary James Robert Linda Michael William Susan Daniel Lisa Mark Steven Andrew Emily Kevin Brian
        Amy Rachel Simon Martin Max Tim Eva Clara Otto Frida Nora Liam Ella Henry Lucy Oliver Ryan Jacob Ethan Chloe
        """
    );

    /// <summary>Every lower-case word of the lists once, in order.</summary>
    public static readonly string[] All = [.. Subjects.Concat(Adjectives).Concat(Others).Concat(Computing).Distinct()];

    private static string[] Split(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
