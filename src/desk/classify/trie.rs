//! The entries of the tables as one tree of bytes, laid out level by level: the children of a node
//! stand side by side, so that following a word touches little memory.

use super::hit::Hit;

/// An entry of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// What is found, but for the place.
    pub(super) hit: Hit,
    /// Any word that begins so matches.
    pub(super) stem: bool,
}

/// All entries, by their bytes.
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// By which byte each node is reached.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// A beginning of entries.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The first child, and how many there are.
    child: u32,
    children: u16,
    /// How many entries end here, and the first of them.
    ending: u16,
    entry: u32,
}

/// A node that is still to be laid out: the texts that go through it, and how far they went.
struct Open {
    node: usize,
    from: usize,
    to: usize,
    depth: usize,
}

impl Trie {
    /// Entries of one text keep their order.
    pub(super) fn of(mut entries: Vec<(String, Entry)>) -> Trie {
        entries.retain(|(text, _)| !text.is_empty());
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut trie = Trie { nodes: vec![Node::default()], bytes: vec![0], entries: Vec::new() };
        let mut open = vec![Open { node: 0, from: 0, to: entries.len(), depth: 0 }];
        while !open.is_empty() {
            let level = std::mem::take(&mut open);
            for one in level {
                open.extend(trie.lay(&one, &entries));
            }
        }
        trie
    }

    /// Lays a node out, and tells its children.
    fn lay(&mut self, open: &Open, entries: &[(String, Entry)]) -> Vec<Open> {
        let through = entries.get(open.from..open.to).unwrap_or_default();
        let ending = through.iter().take_while(|(text, _)| text.len() == open.depth);
        let entry = small(self.entries.len());
        self.entries.extend(ending.map(|(_, entry)| *entry));
        let ending = self.entries.len() - entry as usize;
        let mut children: Vec<Open> = Vec::new();
        let mut last = None;
        for (n, (text, _)) in through.iter().enumerate().skip(ending) {
            let byte = text.as_bytes().get(open.depth).copied();
            let at = open.from + n;
            match children.last_mut().filter(|_| byte == last) {
                Some(child) => child.to = at + 1,
                None => {
                    let node = self.nodes.len() + children.len();
                    children.push(Open { node, from: at, to: at + 1, depth: open.depth + 1 });
                    self.bytes.extend(byte);
                }
            }
            last = byte;
        }
        let child = small(self.nodes.len());
        self.nodes.resize(self.nodes.len() + children.len(), Node::default());
        if let Some(node) = self.nodes.get_mut(open.node) {
            let (children, ending) = (children.len(), ending);
            let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
            *node = Node { child, children: count(children), ending: count(ending), entry };
        }
        children
    }

    /// Tells each entry that the text begins with, the short ones first, and whether a word ends
    /// behind it.
    pub(super) fn along(&self, text: &[u8], mut tell: impl FnMut(&Entry, bool)) {
        let mut at = Some(0);
        for (n, byte) in text.iter().enumerate() {
            at = at.and_then(|at| self.child(at, *byte));
            let Some(node) = at.and_then(|at| self.nodes.get(at)) else { return };
            if node.ending > 0 {
                let ends = matches!(text.get(n + 1), None | Some(b' '));
                let ending = self.entries.get(node.entry as usize..).unwrap_or_default();
                ending.iter().take(usize::from(node.ending)).for_each(|entry| tell(entry, ends));
            }
        }
    }

    fn child(&self, at: usize, byte: u8) -> Option<usize> {
        let node = self.nodes.get(at)?;
        let first = node.child as usize;
        let bytes = self.bytes.get(first..first + usize::from(node.children))?;
        let found = match bytes {
            [one] => (*one == byte).then_some(0),
            few if few.len() <= 8 => few.iter().position(|b| *b == byte),
            many => many.binary_search(&byte).ok(),
        };
        found.map(|n| first + n)
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
