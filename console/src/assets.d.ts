// Files that the bundler copies or bundles; imported for their effect or their address.
declare module "*.css";
